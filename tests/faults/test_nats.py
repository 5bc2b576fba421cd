"""NATS killed again and again while facts are appended, its store wiped once: every fact comes once and in order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infra.bus import Bus, BusFollower, following
from infra.bus.blocks import Block
from infra.bus.following import Run
from infra.codec import MemoryRing
from infra.eventlog import Log, open_log
from tests.contracts.eventlog_examples import ADA, request, write
from tests.contracts.test_bus import reading, relaying, until_carried
from tests.length import short_or_long
from tests.servers.nats import NatsServer, nats_running

EVENTS = short_or_long(4_000, 100_000)
KILLS = short_or_long(5, 100)
PER_APPEND = 20
pytestmark = pytest.mark.timeout(short_or_long(240, 3600))


async def appended(log: Log, events: int, pause: float) -> None:
    """A few facts at a time, for as long as the kills take."""
    for _ in range(events // PER_APPEND):
        version = await log.version(ADA)
        await log.append(request(write(ADA, version, *(f"fact {version + n}" for n in range(PER_APPEND)))))
        await asyncio.sleep(pause)


async def killed(server: NatsServer, log: Log, kills: int, events: int) -> None:
    """Evenly over the events; once the store goes, too."""
    for number in range(1, kills + 1):
        async with asyncio.timeout(600):
            while await log.head() < number * events // (kills + 1):  # noqa: ASYNC110 - another task appends
                await asyncio.sleep(0.01)
        await asyncio.to_thread(server.kill)
        if number == (kills + 1) // 2:
            await asyncio.to_thread(server.wipe)
        await asyncio.to_thread(server.start)


async def followed(folder: Path, events: int, kills: int, patience: float) -> tuple[list[int], int, int]:
    """The positions that a follower was given, and how many facts the bus carried and the log healed."""
    log = await open_log(folder / "log.sqlite", MemoryRing())
    try:
        with nats_running() as server:
            bus = Bus(server.url, log.workspace.hex, await log.incarnation())
            follower = BusFollower(log, bus)
            async with relaying(log, bus), reading(follower) as reader:
                await until_carried(log, reader)
                await asyncio.gather(appended(log, events, 0.005), killed(server, log, kills, events))
                head = await log.head()
                try:
                    async with asyncio.timeout(patience):
                        while not reader.facts or reader.facts[-1].position < head:
                            reader.grown.clear()
                            await reader.grown.wait()
                except TimeoutError:
                    pass
                return [fact.position for fact in reader.facts], follower.carried, head
    finally:
        await log.close()


async def test_no_fact_is_missed_and_none_comes_twice(tmp_path: Path) -> None:
    positions, carried, head = await followed(tmp_path, EVENTS, KILLS, patience=60)
    print(f"{KILLS} kills, {head} facts, {carried} came by the bus")
    assert positions == list(range(1, head + 1))
    assert carried > 0


async def test_a_follower_that_does_not_heal_misses_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: whatever comes is taken for the next."""

    def trusting(position: int, found: list[Block]) -> Run:
        rows = [row for block in found for row in block.rows if row[0] > position]
        return Run(rows, is_broken=False)

    async def nothing(*_: Any) -> Any:
        for page in ():
            yield page

    monkeypatch.setattr(following, "in_a_row", trusting)
    monkeypatch.setattr(BusFollower, "_caught_up", nothing)
    positions, _, head = await followed(tmp_path, 600, 2, patience=5)
    assert positions != list(range(1, head + 1)) and len(set(positions)) < head
