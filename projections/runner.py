"""The runner: follows the log, writes the views in one thread, and tells those who listen or wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from hub.app.ports import Recorded
from hub.app.traces import span
from projections.book import Book, transaction
from projections.dialect import Cursor
from projections.file import File, candidate, remove
from projections.scrub import TRIES, Blocked, begin_merging, merged_more, truncated
from projections.telling import BEAT_S, FIRST_REST_S, Herald

T = TypeVar("T")

PAGE = 2_000
"""Most events in one transaction."""


@dataclass(slots=True, kw_only=True)
class Runner(Herald):
    """Keeps one book of views abreast of the log. Start `run()` in a TaskGroup; `close()` after it has ended."""

    book: Book[File]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "views"))

    def __post_init__(self) -> None:
        self.position = self.book.position

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.persist(self._follow, FIRST_REST_S), name="views: following")
            group.create_task(self._beating(), name="views: heartbeat")

    async def _follow(self) -> None:
        async for recorded in self.log.follow(after=self.book.position, limit=PAGE):
            await self.take(recorded)
            self.well(self._follow)

    async def _beating(self) -> None:
        """A turn and an answer of the thread: a page could be written now."""
        while True:
            async with self.turn:
                await self.in_thread(lambda: None)
            if not self.trouble:
                self.alive()
            await asyncio.sleep(BEAT_S)

    async def take(self, recorded: Sequence[Recorded]) -> None:
        """Write one page and tell everybody."""
        async with self.turn:
            with span("views.page", events=len(recorded), position=recorded[-1].position if recorded else 0):
                announcement = await self.in_thread(lambda: self.book.apply(recorded))
        self.tell(announcement)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """In the one thread that writes the views."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def do(self, step: Callable[[Cursor], object]) -> None:
        """A change of rows that no fact brings about."""

        def done() -> None:
            with transaction(self.book.store) as cursor:
                step(cursor)

        await self.in_thread(done)

    async def everywhere(self, position: int, *, patience: float) -> None:
        """Return when every view has passed `position`, those under construction included (record rule 20).

        What a rebuild that was killed has left would be taken up again by the next one, so it goes.
        """
        await self.reached(position, patience=patience)
        async with asyncio.timeout(patience), self.building:
            await asyncio.to_thread(remove, candidate(self.book.store.path))

    async def scrub(self) -> None:
        """Overwrite what was deleted, in every byte of the file (record rule 21), page writing going on. Raises `Blocked`."""
        connection = self.book.store.connection
        await self.in_thread(lambda: begin_merging(connection))
        while await self.in_thread(lambda: merged_more(connection)):
            pass
        for _ in range(TRIES):
            if await self.in_thread(lambda: truncated(connection)):
                return
        raise Blocked("a reader of the views file held on too long")

    def close(self) -> None:
        """After `run` has ended: let the last page finish and close the file."""
        self._thread.shutdown(wait=True)
        self.book.close()
