"""At most so many automatic letters to one address within any 24 hours, whoever writes, however often, at the same time or after."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given as every
from hypothesis import settings
from hypothesis import strategies as st

from hub.app.caps import DAY, Caps, mailbox_of
from hub.app.ports import Conflict, Envelope, Request
from hub.domain.ids import CommandId
from hub.domain.letters import Address
from hub.domain.vocabulary import Actor
from infra.desktables.limits import SlidingLimits
from infra.eventlog import MemoryLog
from infra.keys.lookup import LookupSecrets
from tests.examples import NOW, known_id

ENVELOPE = Envelope(actor=Actor(kind="bot", id="b"), command=CommandId(known_id("c")))


def caps(log: MemoryLog) -> Caps:
    return Caps(log=log, secrets=LookupSecrets(b"k" * 32), limits=SlidingLimits())


async def takes(log: MemoryLog, address: str, now: datetime, limit: int = 3) -> bool:
    """Whether one more letter may leave, and then it does."""
    while True:
        places = await caps(log).places([Address(address=address)], limit, now)
        if places is None:
            return False
        answer = await log.append(Request(envelope=ENVELOPE, marks=tuple(places)))
        if not isinstance(answer, Conflict):
            return True


async def test_the_fourth_within_a_day_waits_for_the_first_to_be_a_day_old() -> None:
    log = MemoryLog()
    at = [NOW + timedelta(hours=hours) for hours in (0, 10, 20, 23, 24, 33, 34)]
    assert [await takes(log, "a@x.org", moment) for moment in at] == [True] * 3 + [False, True, False, True]


async def test_each_mailbox_has_places_of_its_own_and_a_detail_has_none() -> None:
    log = MemoryLog()
    written = ["a@x.org", "A+1@x.org", "a+2@X.org", "a+3@x.org", "b@x.org"]
    assert [await takes(log, address, NOW) for address in written] == [True, True, True, False, True]
    assert mailbox_of("+tag@x.org") == "+tag@x.org"


async def test_fifty_at_once_take_three_places() -> None:
    log = MemoryLog()
    assert sum(await asyncio.gather(*(takes(log, "a@x.org", NOW) for _ in range(50)))) == 3


async def test_without_the_comparison_fifty_at_once_would_take_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: everybody looks, then everybody writes, and nobody compares."""
    log = MemoryLog()
    looked = [await caps(log).places([Address(address="a@x.org")], 3, NOW) for _ in range(50)]
    assert sum(places is not None for places in looked) == 50


async def test_a_clock_set_back_frees_no_place() -> None:
    log = MemoryLog()
    assert [await takes(log, "a@x.org", NOW) for _ in range(3)] == [True] * 3
    assert not await takes(log, "a@x.org", NOW - timedelta(days=400))


async def test_a_limit_of_none_lets_nothing_leave() -> None:
    assert not await takes(MemoryLog(), "a@x.org", NOW, limit=0)


async def test_the_names_of_the_places_tell_no_address() -> None:
    (mark,) = await caps(MemoryLog()).places([Address(address="alice@x.org")], 3, NOW) or ()
    assert "alice" not in mark.name
    assert "x.org" not in mark.name


@settings(max_examples=60, deadline=None)
@every(st.lists(st.integers(0, 60 * 60), min_size=1, max_size=60), st.integers(1, 4))
async def test_no_window_of_a_day_holds_more_than_the_limit(gaps: list[int], limit: int) -> None:
    log, now, left = MemoryLog(), NOW, list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap * 12)
        if await takes(log, "a@x.org", now, limit):
            left.append(now)
    for first in left:
        assert sum(first <= moment < first + DAY for moment in left) <= limit
