"""The views of this process: opened at the log's incarnation, and kept abreast of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub.assembly.bus import followed
from hub.assembly.clock import now
from infra.eventlog.opening import HubLog
from infra.keys.boxes import Boxes
from infra.keys.keyfile import KeyTable
from projections.file import open_book
from projections.pages import pages
from projections.runner import Runner

if TYPE_CHECKING:
    from infra.bus import Bus


async def open_runner(path: Path, log: HubLog, keys: KeyTable, bus: Bus | None = None) -> Runner:
    """The views, at the log's incarnation."""
    book = open_book(path, pages(Boxes(keys)), await log.incarnation())
    return Runner(log=followed(log, bus), book=book, clock=now)


@asynccontextmanager
async def following(runner: Runner, head: int) -> AsyncIterator[None]:
    """The views follow the log while the block runs; it begins once they have caught up."""
    task = asyncio.create_task(runner.run(), name="views")
    try:
        await runner.reached(head, patience=3600)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
