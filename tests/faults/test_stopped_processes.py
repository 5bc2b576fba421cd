"""Several processes on one record, each stopped and continued for shorter and longer than its leases: nothing is done twice.

An automatic letter leaves once at most. A person's letter may be repeated only when its process stood still between
`delivery.started` and the result; then under the same Message-ID, and the record says that its delivery is uncertain.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hub.domain.complaint.events import ComplaintAcknowledged, ComplaintRegistered
from hub.domain.conversation.events import (
    DeliveryHandedOver,
    DeliveryStarted,
    DeliveryUncertain,
    MessageReceived,
    ReplyWritten,
)
from hub.domain.vocabulary import opened
from tests.faults.crowd import Crowd, a_crowd
from tests.faults.kills import a_shop, is_complaint, unfinished
from tests.length import short_or_long

LETTERS = short_or_long(24, 300)
STOPS = short_or_long(5, 90)
KILLS = short_or_long(3, 60)
SEED = 20261127
pytestmark = pytest.mark.timeout(short_or_long(300, 3600))


def settled(letters: int, answers: int) -> Any:
    complaints = sum(map(is_complaint, range(letters)))

    def done(facts: list[Any]) -> bool:
        kinds = Counter(type(fact.event) for fact in facts)
        return (
            kinds[MessageReceived] >= letters
            and kinds[ComplaintAcknowledged] >= complaints
            and kinds[ReplyWritten] >= complaints + answers
            and not unfinished(facts)
        )

    return done


async def write_and_answer(crowd: Crowd, letters: int) -> None:
    """All letters, a few at a time, and a person's answer to each."""
    answered = 0
    for number in range(letters):
        await crowd.shop.write(number)
        await asyncio.sleep(0.15)
        arrived = [fact for fact in await crowd.facts() if isinstance(fact.event, MessageReceived)]
        for fact in arrived[answered:]:
            await crowd.answer(fact)
        answered = max(answered, len(arrived))
    everything = await crowd.until(lambda facts: _received(facts) >= letters)
    for fact in [fact for fact in everything if isinstance(fact.event, MessageReceived)][answered:]:
        await crowd.answer(fact)


def _received(facts: list[Any]) -> int:
    return sum(isinstance(fact.event, MessageReceived) for fact in facts)


def repeated(wire: dict[str, Counter[tuple[str, bool]]], *, automatic: bool) -> list[str]:
    """Message-IDs that somebody got more than once."""
    return [
        ref for got in wire.values() for (ref, auto), count in got.items() if auto is automatic and count > 1
    ]


def attempts(facts: list[Any]) -> dict[str, list[tuple[datetime, datetime]]]:
    """By Message-ID: each uncertain attempt, from its start to the word that it is uncertain."""
    refs = {
        f.event.message: opened(f.event.message_ref, "") for f in facts if isinstance(f.event, ReplyWritten)
    }
    started: dict[Any, datetime] = {}
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact.event, DeliveryStarted):
            started[fact.event.message] = fact.recorded_at
        if isinstance(fact.event, DeliveryUncertain):
            found[refs[fact.event.message]].append((started[fact.event.message], fact.recorded_at))
    return found


async def test_processes_that_stand_still_do_nothing_twice(tmp_path: Path, durable_url: str) -> None:
    async with a_shop(tmp_path, LETTERS, SEED) as shop, a_crowd(shop, durable_url, 3) as crowd:
        await asyncio.gather(write_and_answer(crowd, LETTERS), crowd.stop_them_in_turns(STOPS))
        facts = await crowd.until(settled(LETTERS, LETTERS))
        wire = await crowd.wire()
    received = Counter(opened(f.event.message_ref, "") for f in facts if isinstance(f.event, MessageReceived))
    assert set(received.values()) == {1} and len(received) == LETTERS
    complaints = sum(map(is_complaint, range(LETTERS)))
    assert sum(isinstance(fact.event, ComplaintRegistered) for fact in facts) == complaints
    assert sum(isinstance(fact.event, ComplaintAcknowledged) for fact in facts) == complaints
    assert repeated(wire, automatic=True) == []
    handed_over = sum(isinstance(fact.event, DeliveryHandedOver) for fact in facts)
    uncertain, stops = attempts(facts), [stop for member in crowd.members for stop in member.stops]
    print(f"{len(stops)} stops, {handed_over} handed over, {len(uncertain)} uncertain")
    for ref in repeated(wire, automatic=False):
        assert any(
            began < ended and start < up for start, up in uncertain[ref.strip("<>")] for began, ended in stops
        ), f"{ref} was repeated although nobody stood still over it"
    for ref, tries in uncertain.items():
        assert any(began <= up and start <= ended for start, up in tries for began, ended in stops), ref


async def test_processes_that_are_killed_and_started_again_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, durable_url: str
) -> None:
    async with a_shop(tmp_path, LETTERS, SEED) as shop, a_crowd(shop, durable_url, 3) as crowd:
        await asyncio.gather(write_only(crowd, LETTERS), crowd.kill_them_in_turns(KILLS))
        facts = await crowd.until(settled(LETTERS, 0))
        wire = await crowd.wire()
    received = Counter(opened(f.event.message_ref, "") for f in facts if isinstance(f.event, MessageReceived))
    assert set(received.values()) == {1} and len(received) == LETTERS
    complaints = sum(map(is_complaint, range(LETTERS)))
    assert sum(isinstance(fact.event, ComplaintRegistered) for fact in facts) == complaints
    assert sum(isinstance(fact.event, ComplaintAcknowledged) for fact in facts) == complaints
    assert repeated(wire, automatic=True) == []
    print(f"{KILLS} kills, {len(facts)} facts, {len(attempts(facts))} uncertain")


async def write_only(crowd: Crowd, letters: int) -> None:
    for number in range(letters):
        await crowd.shop.write(number)
        await asyncio.sleep(0.15)


async def test_a_process_that_is_killed_is_followed_by_another(tmp_path: Path, durable_url: str) -> None:
    async with a_shop(tmp_path, 6, SEED) as shop, a_crowd(shop, durable_url, 2) as crowd:
        for number in range(3):
            await shop.write(number)
        await crowd.until(lambda facts: _received(facts) >= 3)
        crowd.members[0].process.kill()
        for number in range(3, 6):
            await shop.write(number)
        facts = await crowd.until(settled(6, 0))
        assert _received(facts) == 6 and repeated(await crowd.wire(), automatic=True) == []


async def test_processes_that_reserve_nothing_send_twice(tmp_path: Path, durable_url: str) -> None:
    """The control: without leases, and without the attempt on record before the wire is touched."""
    sabotage = ("alone", "unreserved")
    async with a_shop(tmp_path, 6, SEED) as shop, a_crowd(shop, durable_url, 3, *sabotage) as crowd:
        for number in range(0, 6, 3):
            await shop.write(number)
        await crowd.until(lambda facts: sum(isinstance(f.event, DeliveryHandedOver) for f in facts) >= 2)
        await asyncio.sleep(2)
        assert repeated(await crowd.wire(), automatic=True) != []
