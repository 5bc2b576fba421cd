"""Following a log by the bus: pages as they come, every gap healed from the log itself, acknowledged once they are taken in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from hub.app.ports import Recorded
from infra.bus.blocks import Block, unpacked
from infra.bus.connecting import AWAY, Bus, unless_cancelled
from infra.codec import StoredRow

log = logging.getLogger("amends.bus")

MOST_WAITING: Final = 64
"""Blocks that are on their way to a follower and not acknowledged yet."""
MOST_SILENT: Final = 3
"""So often in a row the log had something new and the bus had not: subscribe anew."""
LOOK_S: Final = 1.0
"""Without a block for so long, the log itself is looked at: nothing depends on the bus."""
FORGOTTEN_S: Final = 60.0
"""A follower that is gone for so long leaves nothing behind on the server."""
PAUSE_S: Final = 1.0

Letters = asyncio.Queue[Msg | None]


class FollowedLog(Protocol):
    """What a follower needs of a log. `opened` turns stored rows into facts."""

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]: ...

    async def head(self) -> int: ...

    def opened(self, rows: Sequence[StoredRow]) -> Sequence[Recorded]: ...


@dataclass(slots=True)
class BusFollower:
    """`follow` as a log has it, fed by the bus. `carried`, `healed`: facts that came by it, or were read from the log beside it."""

    log: FollowedLog
    bus: Bus
    carried: int = 0
    healed: int = 0

    async def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]:
        """Pages of facts for ever, in order, each fact once. The next page is asked for once the last is committed."""
        position = after
        while True:
            unless_cancelled()
            async for page in self._caught_up(position, limit):
                yield page
                position = page[-1].position
            try:
                async with subscribed(self.bus) as letters:
                    async for page in self._live(letters, position, limit):
                        yield page
                        position = page[-1].position
            except AWAY as away:
                log.warning("the bus is away, the log is read instead: %r", away)
            await asyncio.sleep(PAUSE_S)

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        return await self.log.read_all(after=after, limit=limit)

    async def head(self) -> int:
        return await self.log.head()

    async def _caught_up(self, position: int, limit: int) -> AsyncIterator[Sequence[Recorded]]:
        while page := await self.log.read_all(after=position, limit=limit):
            yield page
            position = page[-1].position

    async def _live(self, letters: Letters, position: int, limit: int) -> AsyncIterator[Sequence[Recorded]]:
        """What came between the last reading and the first block is a gap like any other. Raises one of `AWAY`."""
        silent = 0
        while silent < MOST_SILENT:
            unless_cancelled()
            came = await arrived(letters)
            run = in_a_row(position, [block for letter in came if (block := _block(letter))])
            if run.rows:
                self.carried += len(run.rows)
                yield await asyncio.to_thread(self.log.opened, run.rows)
                position = run.rows[-1][0]
            before = position
            if run.is_broken or not came:
                async for page in self._caught_up(position, limit):
                    self.healed += len(page)
                    yield page
                    position = page[-1].position
            silent = 0 if came else silent + (position > before)
            if came:
                await came[-1].ack()


@asynccontextmanager
async def subscribed(bus: Bus) -> AsyncIterator[Letters]:
    """A queue that fills with what is published from now on; None: the line broke. The server holds back what waits for its ack."""
    letters: Letters = asyncio.Queue()
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.NEW,
        ack_policy=AckPolicy.ALL,
        max_ack_pending=MOST_WAITING,
        inactive_threshold=FORGOTTEN_S,
    )
    async with bus.connected(lost=lambda: letters.put_nowait(None)) as jetstream:
        await jetstream.subscribe(
            bus.subject, stream=bus.stream, config=config, cb=letters.put, manual_ack=True
        )
        yield letters


async def arrived(letters: Letters) -> list[Msg]:
    """All that is there, as soon as there is something; nothing after `LOOK_S`. Raises `ConnectionResetError`."""
    found: list[Msg] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            _take(await letters.get(), found)
    while not letters.empty():
        _take(letters.get_nowait(), found)
    return found


def _take(letter: Msg | None, found: list[Msg]) -> None:
    if letter is None:
        raise ConnectionResetError("the line to NATS broke")
    found.append(letter)


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow a position without a gap. `is_broken`: something that came could not be joined to them."""

    rows: list[StoredRow]
    is_broken: bool


def in_a_row(position: int, found: Sequence[Block]) -> Run:
    """What of these blocks comes right after `position`, known ones skipped, up to the first gap."""
    rows: list[StoredRow] = []
    for block in found:
        if block.last <= position:
            continue
        if block.prev > position or not block.rows:
            return Run(rows, is_broken=True)
        rows += [row for row in block.rows if row[0] > position]
        position = block.last
    return Run(rows, is_broken=False)


def _block(letter: Msg) -> Block | None:
    """None for what is no block of ours; the gap it leaves is healed."""
    try:
        return unpacked(letter.data)
    except msgspec.MsgspecError:
        return None
