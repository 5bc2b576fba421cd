"""From the log to the bus: every fact once, in order, in blocks. It remembers nothing: the stream says how far it came."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from infra.bus.blocks import Block, blocks, packed
from infra.bus.connecting import AWAY, Bus, unless_cancelled
from infra.codec import StoredRow

log = logging.getLogger("amends.bus")

PAGE: Final = 1_000
UNDER_WAY: Final = 16
"""Blocks that are published and not yet acknowledged."""
PAUSE_S: Final = 1.0
LAST: Final = "Amends-Last"


class RelayedLog(Protocol):
    """What the relay needs of a log."""

    async def stored(self, *, after: int, limit: int) -> Sequence[StoredRow]: ...

    async def head(self) -> int: ...

    async def beyond(self, position: int) -> None: ...


async def relay(source: RelayedLog, bus: Bus) -> None:
    """Publish what is committed, for ever. Several at once do no harm: the same block is taken once, and readers skip."""
    while True:
        unless_cancelled()
        try:
            async with bus.connected() as jetstream:
                log.info("the bus is there")
                await _relayed(source, bus, jetstream)
        except AWAY as away:
            log.warning("the bus is away, followers read the log meanwhile: %r", away)
        await asyncio.sleep(PAUSE_S)


async def _relayed(source: RelayedLog, bus: Bus, jetstream: JetStreamContext) -> None:
    position = await _reached(source, bus, jetstream)
    under_way: deque[asyncio.Task[None]] = deque()
    try:
        while True:
            unless_cancelled()
            rows = await source.stored(after=position, limit=PAGE)
            for block in blocks(rows):
                under_way.append(asyncio.create_task(_publish(block, bus, jetstream)))
                position = block.last
                if len(under_way) >= UNDER_WAY:
                    await _ended(under_way.popleft())
            if not rows:
                while under_way:
                    await _ended(under_way.popleft())
                await source.beyond(position)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _ended(publishing: asyncio.Task[None]) -> None:
    """A cancellation of ours reaches the publishing first, where it may get lost; then the next wait would be for ever."""
    await publishing
    unless_cancelled()


async def _reached(source: RelayedLog, bus: Bus, jetstream: JetStreamContext) -> int:
    """Where the last block ends; on an empty stream the head, for followers read from the log what was before."""
    try:
        last = await jetstream.get_last_msg(bus.stream, bus.subject)
    except NotFoundError:
        return await source.head()
    return int((last.headers or {}).get(LAST, 0)) or await source.head()


async def _publish(block: Block, bus: Bus, jetstream: JetStreamContext) -> None:
    name = f"{bus.incarnation}:{block.first}-{block.last}"
    await jetstream.publish(
        bus.subject, packed(block), headers={"Nats-Msg-Id": name, LAST: str(block.last)}, stream=bus.stream
    )
