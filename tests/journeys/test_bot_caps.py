"""Fifty complaints at once from one address, into two mailboxes: three letters, forty-seven on record as withheld."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hub.app.caps import Caps
from hub.app.reactions import Reactions
from hub.assembly.bot import policies_of, reactions
from hub.assembly.house import House
from hub.domain.complaint.events import AcknowledgementWithheld, ComplaintRegistered
from hub.domain.conversation.events import ReplyWritten
from tests.journeys.house import a_house, deliver

PROVEN = "mx.shop.example; dmarc=pass header.from=customers.example"
BOTH = [
    {"name": name, "address": f"{name}@shop.example", "trusted_authserv_ids": ["mx.shop.example"]}
    for name in ("care", "orders")
]
SENDERS = ("victim@customers.example", "Victim@customers.example", "victim+1@customers.example")


def complaint(number: int, results: str) -> bytes:
    letter = EmailMessage()
    if results:
        letter["Authentication-Results"] = results
    letter["From"] = SENDERS[number % len(SENDERS)]
    letter["To"], letter["Subject"] = "care@shop.example", f"Complaint {number}"
    letter["Message-ID"] = f"<complaint-{number}.{bool(results)}@customers.example>"
    letter.set_content(f"This is complaint {number}: the lamp arrived broken.")
    return letter.as_bytes()


async def facts(house: House, *kinds: type) -> list[Any]:
    return [fact.event async for page in pages(house) for fact in page if isinstance(fact.event, kinds)]


async def pages(house: House) -> AsyncIterator[Any]:
    after = 0
    while page := await house.log.read_all(after=after):
        yield page
        after = page[-1].position


async def flood(house: House, each: str, start: int = 0) -> None:
    """Fifty letters, half with the server's verdict and half without where `each` is "both"."""
    await asyncio.gather(
        *(
            deliver(
                house,
                complaint(
                    start + number, PROVEN if each == "with" or (each == "both" and number % 2) else ""
                ),
                start + number + 1,
                mailbox=("care", "orders")[number // 2 % 2],
            )
            for number in range(50)
        )
    )


async def react(working: Reactions, house: House) -> None:
    """All policies at the same time, until nothing new comes of it."""
    before = -1
    while before != (before := await house.log.head()):
        await asyncio.gather(*(working.catch_up(policy) for policy in policies_of(house.settings)))


@pytest.mark.parametrize("each", ["with", "without", "both"])
async def test_fifty_complaints_from_one_address_get_three_letters(tmp_path: Path, each: str) -> None:
    async with a_house(tmp_path, mailbox=BOTH) as house:
        await flood(house, each)
        await react(reactions(house), house)
        assert len(await facts(house, ComplaintRegistered)) == 50
        assert len(await facts(house, ReplyWritten)) == 3
        withheld = await facts(house, AcknowledgementWithheld)
        assert {fact.why for fact in withheld} == {"the daily limit of automatic letters is reached"}
        assert len(withheld) == 47
    async with a_house(tmp_path, mailbox=BOTH) as house:
        await flood(house, each, start=100)
        await react(reactions(house), house)
        assert len(await facts(house, ReplyWritten)) == 3


async def test_counted_by_customer_alone_one_address_would_get_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without the places in the log, the claimed and the proven home have three letters each, and details more."""

    async def any_number(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(Caps, "places", any_number)
    async with a_house(tmp_path, mailbox=BOTH) as house:
        await flood(house, "both")
        await react(reactions(house), house)
        assert len(await facts(house, ReplyWritten)) > 3


async def test_the_whole_house_writes_no_more_than_it_may_in_an_hour(tmp_path: Path) -> None:
    async with a_house(tmp_path, mailbox=BOTH, bot={"max_letters_per_hour": 1}) as house:
        await flood(house, "with")
        await react(reactions(house), house)
        assert len(await facts(house, ReplyWritten)) == 1
        withheld = {fact.why for fact in await facts(house, AcknowledgementWithheld)}
        assert "the hub wrote as many letters by itself within an hour as it may" in withheld
