"""The bus brings every fact once and in order, whatever becomes of NATS; without healing it would not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.bus import Bus, BusFollower, relay
from infra.bus import following as following_module
from infra.bus.blocks import LARGEST, Block, blocks, packed, unpacked
from infra.bus.connecting import check_sync
from infra.bus.following import in_a_row
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog import Log, open_log
from tests.contracts.eventlog_examples import ADA, names_of, request, write
from tests.servers.nats import NatsServer, nats_running


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_running() as running:
        yield running


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    made = await open_log(tmp_path / "log.sqlite", MemoryRing())
    yield made
    await made.close()


async def bus_of(log: Log, url: str) -> Bus:
    return Bus(url, log.workspace.hex, await log.incarnation())


async def wrote(log: Log, count: int) -> None:
    before = await log.version(ADA)
    for number in range(before, before + count):
        await log.append(request(write(ADA, number, f"fact {number + 1}")))


@asynccontextmanager
async def relaying(log: Log, bus: Bus) -> AsyncIterator[None]:
    task = asyncio.create_task(relay(log, bus))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class Reader:
    """Follows, and keeps what it was given."""

    def __init__(self, follower: BusFollower, after: int = 0) -> None:
        self.follower, self.facts, self.after = follower, list[Any](), after
        self.grown = asyncio.Event()

    async def read(self) -> None:
        async for page in self.follower.follow(after=self.after):
            self.facts += page
            self.grown.set()

    async def has(self, count: int) -> list[str]:
        async with asyncio.timeout(30):
            while len(self.facts) < count:
                self.grown.clear()
                await self.grown.wait()
        return names_of(self.facts)

    async def is_carried(self) -> None:
        """Facts come by the bus and not from the log."""
        async with asyncio.timeout(30):
            while not self.follower.carried:  # noqa: ASYNC110 - a count of another task
                await asyncio.sleep(0.02)


@asynccontextmanager
async def reading(follower: BusFollower, after: int = 0) -> AsyncIterator[Reader]:
    reader = Reader(follower, after)
    task = asyncio.create_task(reader.read())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.wait([task])


def expected(count: int) -> list[str]:
    return [f"fact {number}" for number in range(1, count + 1)]


async def until_carried(log: Log, reader: Reader) -> int:
    """Write until something came by the bus; how many facts there are now."""
    async with asyncio.timeout(30):
        while not reader.follower.carried:
            await wrote(log, 1)
            await asyncio.sleep(0.05)
    return await log.head()


async def test_what_was_there_and_what_comes_is_given_once_and_in_order(log: Log, server: NatsServer) -> None:
    await wrote(log, 5)
    bus = await bus_of(log, server.url)
    async with relaying(log, bus), reading(BusFollower(log, bus)) as reader:
        count = await until_carried(log, reader)
        await wrote(log, 20)
        assert await reader.has(count + 20) == expected(count + 20)


async def test_two_relays_at_once_do_no_harm(log: Log, server: NatsServer) -> None:
    bus = await bus_of(log, server.url)
    async with relaying(log, bus), relaying(log, bus), reading(BusFollower(log, bus)) as reader:
        count = await until_carried(log, reader)
        await wrote(log, 50)
        assert await reader.has(count + 50) == expected(count + 50)


async def test_a_relay_goes_on_where_the_last_one_stopped(log: Log, server: NatsServer) -> None:
    bus = await bus_of(log, server.url)
    async with reading(BusFollower(log, bus)) as reader:
        async with relaying(log, bus):
            count = await until_carried(log, reader)
        await wrote(log, 10)
        async with relaying(log, bus):
            await wrote(log, 10)
            assert await reader.has(count + 20) == expected(count + 20)


async def test_without_nats_the_log_is_read(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following_module, "PAUSE_S", 0.05)
    bus = await bus_of(log, "nats://127.0.0.1:1")
    async with relaying(log, bus), reading(BusFollower(log, bus)) as reader:
        await wrote(log, 3)
        assert await reader.has(3) == expected(3)
        await wrote(log, 3)
        assert await reader.has(6) == expected(6)


async def test_facts_that_no_relay_brought_are_read_from_the_log(
    log: Log, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_module, "LOOK_S", 0.1)
    bus = await bus_of(log, server.url)
    async with reading(BusFollower(log, bus)) as reader:
        await wrote(log, 3)
        assert await reader.has(3) == expected(3)


@pytest.mark.parametrize("place", ["nats.aio.msg.Msg.ack", "nats.js.client.JetStreamContext.publish"])
async def test_a_cancellation_that_nats_swallows_still_ends_relay_and_follower(
    log: Log, server: NatsServer, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """As nats-py does while it writes to its socket."""
    swallowing = asyncio.Event()

    async def swallows(*given: Any, **named: Any) -> None:
        swallowing.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    bus = await bus_of(log, server.url)
    async with relaying(log, bus), reading(BusFollower(log, bus)) as reader:
        await until_carried(log, reader)
        monkeypatch.setattr(place, swallows)
        await wrote(log, 3)
        async with asyncio.timeout(20):
            await swallowing.wait()


async def test_an_event_too_large_for_the_bus_comes_all_the_same(log: Log, server: NatsServer) -> None:
    bus = await bus_of(log, server.url)
    async with relaying(log, bus), reading(BusFollower(log, bus)) as reader:
        count = await until_carried(log, reader)
        noise = random.Random(1).randbytes(LARGEST).hex()
        await log.append(request(write(ADA, count, noise)))
        await log.append(request(write(ADA, count + 1, "after it")))
        assert (await reader.has(count + 2))[-2:] == [noise, "after it"]


def test_a_server_that_does_not_sync_is_refused_with_the_fix(server: NatsServer) -> None:
    check_sync(server.monitor_url)
    with nats_running(sync="2m") as lax, pytest.raises(UnsafeStore, match="sync_interval: always"):
        check_sync(lax.monitor_url)


def test_a_monitor_address_that_is_something_else_is_a_warning(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    check_sync(server.url.replace("nats://", "http://"))  # the port of clients, which greets with INFO
    assert "sync_interval is not checked" in caplog.text


def row(position: int, size: int = 10) -> Any:
    return position, f"{position:032x}", 1, "customer.named.v1", b"x" * size


@given(st.lists(st.integers(1, LARGEST + 10), max_size=8))
def test_blocks_hold_every_row_in_order_and_stay_small(sizes: list[int]) -> None:
    rows = [row(nth, size) for nth, size in enumerate(sizes, 1)]
    made = [unpacked(packed(block)) for block in blocks(rows)]
    assert [place for block in made for place in range(block.first, block.last + 1)] == list(
        range(1, len(rows) + 1)
    )
    assert all(block.prev == block.first - 1 for block in made)
    assert all(sum(len(one[4]) for one in block.rows) <= LARGEST for block in made)
    kept = [tuple(one) for block in made for one in block.rows]
    assert kept == [one for one in rows if len(one[4]) <= LARGEST]


@given(st.integers(0, 12), st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), max_size=6))
def test_whatever_comes_what_is_taken_is_a_row_without_gaps(
    position: int, spans: list[tuple[int, int]]
) -> None:
    found = [
        Block(first - 1, first, first + more, tuple(row(place) for place in range(first, first + more + 1)))
        for first, more in spans
    ]
    run = in_a_row(position, found)
    assert [one[0] for one in run.rows] == list(range(position + 1, position + 1 + len(run.rows)))
    if not run.is_broken:
        assert all(block.last <= position + len(run.rows) for block in found)
