"""A new customer who writes twice at once is one customer; many writers on one customer all come through."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest

from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope
from hub.assembly.house import House, now
from hub.domain.conversation.commands import Tag
from hub.domain.conversation.events import ConversationTagged
from hub.domain.customer.decisions import decide
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import Actor
from tests.journeys.house import a_house, deliver

TIMES = 200
PROVEN = "mx.shop.example; dmarc=pass header.from=customers.example"


def letter(sender: str, number: int, results: str) -> bytes:
    message = EmailMessage()
    if results:
        message["Authentication-Results"] = results
    message["From"], message["To"] = sender, "care@shop.example"
    message["Subject"], message["Message-ID"] = f"Letter {number}", f"<{number}.{sender}>"
    message.set_content(f"This is letter {number}.")
    return message.as_bytes()


@pytest.mark.parametrize("results", [PROVEN, ""], ids=["with Authentication-Results", "without"])
async def test_two_quick_letters_in_two_mailboxes_are_one_customer(tmp_path: Path, results: str) -> None:
    both = [
        {"name": name, "address": f"{name}@shop.example", "trusted_authserv_ids": ["mx.shop.example"]}
        for name in ("care", "orders")
    ]
    async with a_house(tmp_path, mailbox=both) as house:
        for number in range(TIMES):
            sender = f"new-{number}@customers.example"
            landed = await asyncio.gather(
                deliver(house, letter(sender, 1, results), 2 * number + 1, mailbox="care"),
                deliver(house, letter(sender, 2, results), 2 * number + 2, mailbox="orders"),
            )
            assert {each.ending for each in landed} == {"recorded"}
            assert len({each.customer for each in landed}) == 1, f"round {number}"


async def test_the_claim_alone_keeps_it_one_customer(tmp_path: Path) -> None:
    """The sender's turn is only a queue: with a queue of its own for each letter, the claim in the log decides."""
    async with a_house(tmp_path) as house:
        for number in range(40):
            sender = f"new-{number}@customers.example"
            landed = await asyncio.gather(
                *(alone(house, letter(sender, each, PROVEN), each) for each in range(4))
            )
            assert len({each.customer for each in landed}) == 1, f"round {number}"


async def alone(house: House, raw: bytes, number: int):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from hub.app.recent import Recent

    other = replace(house, walk=replace(house.walk, recent=Recent()))
    return await deliver(other, raw, 0)


async def test_twenty_writers_on_one_customer_all_succeed(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        landed = await deliver(house, letter("ann@customers.example", 1, PROVEN))
        assert landed.customer is not None and landed.conversation is not None
        conversation = landed.conversation

        async def write(number: int) -> None:
            command = Tag(conversation=conversation, tag=f"tag-{number}")
            envelope = Envelope(actor=Actor(kind="agent", id=str(number)), command=CommandId(uuid4()))
            await house.transactor.transact(
                CUSTOMER,
                StreamId(landed.customer),
                lambda state: decide(command, state, now()),
                envelope,
                person=True,
            )

        await asyncio.gather(*map(write, range(20)))
        facts = await house.log.read_stream(StreamId(landed.customer))
        tags = {fact.event.tag for fact in facts if isinstance(fact.event, ConversationTagged)}
        assert len(tags) == 20
        assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))
