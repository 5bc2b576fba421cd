"""One acknowledgement per complaint, also where a person marks, unmarks and marks again, or marks while the bot detects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.app.caps import Caps
from hub.app.completing import Naming
from hub.app.reactions import Reactions
from hub.domain.complaint.events import (
    ComplaintAcknowledged,
    ComplaintClosed,
    ComplaintRegistered,
    ComplaintReopened,
)
from hub.domain.conversation.events import ReplyWritten
from hub.web import marking, passwords
from policies import acknowledge, detect_complaint
from tests.web.house import QUICK, SUPPORT, Client, House, house

POLICIES = (detect_complaint.policy(), acknowledge.policy(ours={"support@shop.example"}))


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(passwords, "_HASHER", QUICK)
    async with house(tmp_path) as made:
        yield made


def bot(home: House) -> Reactions:
    walk, desk = home.walk, home.desk
    return Reactions(
        log=walk.log,
        transactor=walk.transactor,
        secrets=walk.secrets,
        counters=desk.counters,
        caps=Caps(log=walk.log, secrets=walk.secrets, limits=desk.limits),
        naming=Naming(address_reply=walk.addressing.reply, inbox_for=lambda account: SUPPORT),
        clock=home.clock,
    )


async def react(home: House) -> None:
    for policy in POLICIES:
        await bot(home).catch_up(policy)
    await home.settled()


async def facts(home: House, *kinds: type) -> list[Any]:
    return [fact.event for fact in await home.walk.log.read_all() if isinstance(fact.event, kinds)]


async def mark(rep: Client, conversation: object) -> dict[str, Any]:
    answer = await rep.post(f"/api/v1/conversations/{conversation}/complaint", json={})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def unmark(rep: Client, complaint: str) -> None:
    answer = await rep.post(f"/api/v1/complaints/{complaint}/unmark", json={})
    assert answer.status_code == 200, answer.text


async def test_marked_unmarked_and_marked_again_it_keeps_its_number_and_its_one_letter(home: House) -> None:
    rep, landed = await home.as_("rep"), await home.letter(text="It is a pity.")
    first = await mark(rep, landed.conversation)
    await react(home)
    for _ in range(2):
        await unmark(rep, first["id"])
        again = await mark(rep, landed.conversation)
        assert (again["id"], again["number"]) == (first["id"], first["number"])
        await react(home)
    assert len(await facts(home, ComplaintRegistered)) == 1
    assert len(await facts(home, ComplaintReopened)) == 2
    assert len(await facts(home, ComplaintAcknowledged)) == len(await facts(home, ReplyWritten)) == 1


async def test_marked_under_a_new_id_each_time_it_would_get_letter_after_letter(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: a complaint that does not know that it was unmarked."""
    monkeypatch.setattr(marking, "_unmarked", lambda known: False)
    rep, landed = await home.as_("rep"), await home.letter(text="It is a pity.")
    for _ in range(2):
        marked = await mark(rep, landed.conversation)
        await react(home)
        await unmark(rep, marked["id"])
    assert len(await facts(home, ReplyWritten)) == 2


async def test_a_suggestion_that_was_unmarked_is_registered_when_marked_after_all(home: House) -> None:
    rep, landed = await home.as_("rep"), await home.letter(text="The lamp arrived broken.")
    await bot(home).catch_up(POLICIES[0])
    await home.settled()
    (registered,) = await facts(home, ComplaintRegistered)
    await unmark(rep, str(registered.complaint))
    again = await mark(rep, landed.conversation)
    assert again["id"] == str(registered.complaint)
    assert again["number"] == registered.number
    await react(home)
    assert len(await facts(home, ComplaintClosed)) == 1
    assert len(await facts(home, ReplyWritten)) <= 1


@pytest.mark.parametrize("round_", range(8))
async def test_a_person_and_the_bot_at_the_same_moment_make_one_complaint_and_one_letter(
    home: House, round_: int
) -> None:
    rep = await home.as_("rep")
    landed = await home.letter(text="The lamp arrived broken, this is a complaint.")

    async def by_hand() -> None:
        for _ in range(round_):
            await asyncio.sleep(0)
        await mark(rep, landed.conversation)

    async def by_itself() -> None:
        for _ in range(8 - round_):
            await asyncio.sleep(0)
        await bot(home).catch_up(POLICIES[0])

    await asyncio.gather(by_hand(), by_itself())
    await react(home)
    assert len(await facts(home, ComplaintRegistered)) == 1
    assert len(await facts(home, ComplaintAcknowledged)) == len(await facts(home, ReplyWritten)) == 1
