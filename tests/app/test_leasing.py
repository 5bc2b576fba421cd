"""Work that one process at a time does: turns change when a holder is gone, and an earlier turn records nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from hub.app.enduring import Endurance, Trouble, rest_after
from hub.app.leasing import Alone, Fence, Leasing, Turns, mark_name, number_of
from hub.app.ports import (
    Appended,
    Conflict,
    Envelope,
    LogPaused,
    LogStopped,
    Request,
    TablesAway,
    Write,
)
from hub.app.transact import OutOfDate
from hub.domain.customer.events import CustomerNamed
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import Actor
from infra.desktables.memory import MemoryLeases
from infra.eventlog import MemoryLog

SHORT = 0.25
"""Seconds of a lease in these tests."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """One record, one table of leases, and who is at work."""

    log: MemoryLog = field(default_factory=MemoryLog)
    leases: MemoryLeases = field(default_factory=lambda: MemoryLeases(now))
    at_work: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def process(self, holder: str) -> Leasing:
        return Leasing(leases=self.leases, log=self.log, holder=holder, seconds=SHORT)

    async def work(self, holder: str, fence: Fence) -> None:
        self.at_work.append(holder)
        self.fences.append(fence)
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work.remove(holder)
            self.ended.set()

    async def append(self, fence: Fence) -> object:
        """What work does that must not be done twice."""
        envelope = Envelope(actor=Actor(kind="system", id="test"), command=CommandId(uuid4()))
        write = Write(stream=StreamId(uuid4()), expected=0, events=(CustomerNamed(name="Ada"),))
        return await self.log.append(Request(envelope=envelope, writes=(write,), marks=fence.marks))

    async def next_turn(self) -> Fence:
        async with asyncio.timeout(20):
            await self.began.wait()
        self.began.clear()
        return self.fences[-1]


@asynccontextmanager
async def running(turns: Turns, work: Callable[[Fence], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(turns.run("post", work))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_only_one_of_two_processes_works_and_the_other_takes_over_at_once_when_it_stops() -> None:
    world = World()
    async with running(world.process("b"), lambda fence: world.work("b", fence)):
        await world.next_turn()
        async with running(world.process("a"), lambda fence: world.work("a", fence)):
            await asyncio.sleep(2 * SHORT)
            assert world.at_work == ["b"]
    async with running(world.process("c"), lambda fence: world.work("c", fence)):
        await world.next_turn()
        assert world.at_work == ["c"]
    assert world.at_work == [] and world.leases.held["post"][2] <= now()


async def test_a_process_that_wakes_up_after_its_turn_records_nothing_more() -> None:
    world = World()
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        old = await world.next_turn()
        assert isinstance(await world.append(old), Appended)
        world.leases.held.clear()  # it slept for longer than its lease
        async with running(world.process("b"), lambda fence: world.work("b", fence)):
            new = await world.next_turn()
            assert await world.append(old) == Conflict(stream=None)
            assert isinstance(await world.append(new), Appended)


async def test_without_the_fence_it_would_have() -> None:
    """The control: what a lease alone is worth."""
    world = World()
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        await world.next_turn()
        world.leases.held.clear()
        async with running(world.process("b"), lambda fence: world.work("b", fence)):
            await world.next_turn()
            assert isinstance(await world.append(Fence()), Appended)


async def test_work_stops_when_its_lease_is_lost() -> None:
    world = World()
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        await world.next_turn()
        world.leases.held["post"] = ("somebody", 99, datetime.max.replace(tzinfo=UTC))
        async with asyncio.timeout(20):
            await world.ended.wait()


async def test_work_that_finds_its_turn_over_waits_for_another() -> None:
    world, turns = World(), list[Fence]()

    async def finds_out(fence: Fence) -> None:
        turns.append(fence)
        if len(turns) == 1:
            raise OutOfDate(None)
        await world.work("a", fence)

    async with running(world.process("a"), finds_out):
        await world.next_turn()
    assert turns[0] != turns[1]


async def test_the_turn_is_counted_by_the_record_itself() -> None:
    """So a table of leases that was lost or restored gives no old number out again."""
    world = World()
    for holder in "ab":
        world.leases = MemoryLeases(now)
        async with running(world.process(holder), lambda fence: world.work("x", fence)):
            await world.next_turn()
    assert number_of(await world.log.mark(mark_name("post"))) == 2


async def test_work_ends_with_its_lease_though_the_tables_never_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A database that vanished without a word holds a renewal up for longer than the lease lasts."""
    world = World()
    renewed = MemoryLeases.renew
    calls = list[int]()

    async def hangs(self: MemoryLeases, *given: Any) -> bool:
        calls.append(1)
        if len(calls) == 1:  # the one that follows the fence
            return await renewed(self, *given)
        await asyncio.sleep(3600)
        return True

    monkeypatch.setattr(MemoryLeases, "renew", hangs)
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        await world.next_turn()
        async with asyncio.timeout(20):
            await world.ended.wait()
        assert world.at_work == []


async def test_who_lost_its_lease_before_it_raised_the_mark_begins_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It wakes up, raises the mark over that of the rightful one, and then finds that the lease is gone."""
    world, lost = World(), list[bool]()

    async def gone(self: MemoryLeases, *given: Any) -> bool:
        lost.append(True)
        return False

    monkeypatch.setattr(MemoryLeases, "renew", gone)
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        async with asyncio.timeout(20):
            while len(lost) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert world.fences == []


async def test_no_two_turns_ever_carry_the_same_mark() -> None:
    """An append whose answer got lost must not be taken for that of another process which raised it as far."""
    marks = set[str]()
    for _ in range(3):
        world = World()
        async with running(world.process("a"), lambda fence, world=world: world.work("a", fence)):  # type: ignore[misc]
            marks.add((await world.next_turn()).marks[0].new)
    assert len(marks) == 3 and {number_of(mark) for mark in marks} == {1}


@pytest.mark.parametrize("make", [lambda world: Alone(), lambda world: world.process("a")])
async def test_views_that_lag_end_no_work(
    make: Callable[[World], Turns], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.app.leasing.PAUSE_S", 0.01)
    world, tries = World(), list[int]()

    async def behind(fence: Fence) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TimeoutError
        await world.work("a", fence)

    async with running(make(world), behind):
        await world.next_turn()


async def test_tables_that_are_away_at_the_end_do_not_keep_a_process_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: object) -> None:
        raise TablesAway("gone")

    world = World()
    task = asyncio.create_task(world.process("a").run("post", lambda fence: world.work("a", fence)))
    await world.next_turn()
    monkeypatch.setattr(MemoryLeases, "release", away)
    task.cancel()
    async with asyncio.timeout(20):
        await asyncio.wait([task])
    assert task.cancelled()


async def test_tables_that_are_away_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    take, failures = world.leases.take, [TablesAway("gone")]

    async def away(name: str, holder: str, seconds: float) -> int | None:
        if failures:
            raise failures.pop()
        return await take(name, holder, seconds)

    monkeypatch.setattr(MemoryLeases, "take", lambda _, *given: away(*given))
    async with running(world.process("a"), lambda fence: world.work("a", fence)):
        await world.next_turn()


@pytest.mark.parametrize("make", [lambda world: Alone(), lambda world: world.process("a")])
async def test_a_log_that_goes_on_by_itself_ends_no_work(
    make: Callable[[World], Turns], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.app.leasing.PAUSE_S", 0.01)
    world, tries = World(), list[int]()

    async def held_up(fence: Fence) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise LogPaused("the disk is full")
        await world.work("a", fence)

    async with running(make(world), held_up):
        await world.next_turn()


STOPPED = LogStopped("a sync failed")


@pytest.mark.parametrize("failure", [STOPPED, ExceptionGroup("together", [ValueError(), STOPPED])])
@pytest.mark.parametrize("make", [lambda world: Alone(), lambda world: world.process("a")])
async def test_a_log_that_stopped_for_good_is_the_process_s(
    make: Callable[[World], Turns], failure: Exception
) -> None:
    async def fails(fence: Fence) -> None:
        raise failure

    with pytest.raises(type(failure)):
        await make(World()).run("post", fails)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_whoever_ends_the_process_ends_the_work(failure: type[BaseException]) -> None:
    async def ends() -> None:
        raise failure

    with pytest.raises(failure):
        await Endurance().once("post", ends, 0)


@pytest.mark.parametrize("make", [lambda world: Alone(), lambda world: world.process("a")])
async def test_work_that_fails_is_told_of_and_tried_again_and_well_when_it_has_run_for_a_while(
    make: Callable[[World], Turns], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hub.app.enduring.FIRST_REST_S", 0.01)
    monkeypatch.setattr("hub.app.enduring.WELL_S", 0.05)
    world, tries, seen = World(), list[int](), list[Any]()
    turns = make(world)

    async def fails(fence: Fence) -> None:
        tries.append(1)
        if len(tries) <= 2:
            raise RuntimeError("the words of a customer")
        seen.append(turns.endurance.troubles["post"])
        await world.work("a", fence)

    async with running(turns, fails):
        await world.next_turn()
        async with asyncio.timeout(20):
            while turns.endurance.troubles:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert world.at_work == ["a"]
    assert seen == [Trouble(why="RuntimeError", times=2)]
    told = [one for one in caplog.records if one.name == "amends.work"]
    assert len(told) == 2 and all(one.exc_info and "post" in one.message for one in told)


async def test_work_in_trouble_that_another_process_has_is_no_trouble_here() -> None:
    world = World()
    turns = world.process("a")
    turns.endurance.troubles["post"] = Trouble(why="RuntimeError", times=3)
    async with running(world.process("b"), lambda fence: world.work("b", fence)):
        await world.next_turn()
        async with running(turns, lambda fence: world.work("a", fence)), asyncio.timeout(20):
            while turns.endurance.troubles:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def test_the_rest_doubles_up_to_a_minute() -> None:
    assert [rest_after(times) for times in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert rest_after(10_000) == 60
