"""The runner: follows the log, writes the views in one thread, and tells those who listen or wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Protocol, TypeVar

from hub.app.ports import Clock, Recorded
from projections.book import Announcement, Book, Gap, transaction
from projections.dialect import Cursor
from projections.file import File, candidate, remove
from projections.progress import Progress
from projections.scrub import TRIES, Blocked, begin_merging, merged_more, truncated

T = TypeVar("T")
log = logging.getLogger("amends.projections")

PAGE = 2_000
"""Most events in one transaction."""

PATIENCE_S = 5.0
FIRST_REST_S, LONGEST_REST_S = 0.05, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the views are behind: events not shown yet, and the age of the newest one shown while there are any."""

    events: int
    seconds: float


@dataclass(slots=True, eq=False)
class Ear:
    """One listener. What it did not take yet is kept merged, so that a slow one costs no memory and misses nothing."""

    heard: Announcement | None = None
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, announcement: Announcement) -> None:
        self.heard = announcement if self.heard is None else self.heard + announcement
        self.bell.set()

    async def hear(self) -> Announcement:
        """What changed since the last time, as soon as there is something."""
        while self.heard is None:
            await self.bell.wait()
            self.bell.clear()
        heard, self.heard = self.heard, None
        return heard

    async def __aiter__(self) -> AsyncIterator[Announcement]:
        while True:
            yield await self.hear()


class FollowedLog(Protocol):
    """What is read of a log, or of whatever brings its facts."""

    def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]: ...

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]: ...

    async def head(self) -> int: ...


@dataclass(slots=True, kw_only=True)
class Runner:
    """Keeps one book of views abreast of the log. Start `run()` in a TaskGroup; `close()` after it has ended."""

    log: FollowedLog
    book: Book[File]
    clock: Clock
    patience: float = PATIENCE_S
    beat: datetime | None = None
    shown_at: datetime | None = None
    trouble: str = ""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    position: int = 0
    rebuilding: Progress | None = None
    _ears: list[Ear] = field(default_factory=list)
    _waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "views"))

    def __post_init__(self) -> None:
        self.position = self.book.position

    async def run(self) -> None:
        """Follow for ever. What fails is logged, told by `trouble`, and tried again after a growing rest."""
        rest = FIRST_REST_S
        while True:
            before = self.position
            try:
                await self._follow()
            except Gap as gap:
                self.trouble = str(gap)
            except Exception as broken:  # noqa: BLE001 - an edge: the views must come back whatever happened
                self.trouble = f"{type(broken).__name__}: {broken}"
            rest = FIRST_REST_S if self.position > before else min(rest * 2, LONGEST_REST_S)
            log.warning(
                "views stopped at position %d, again in %.2f s: %s", self.position, rest, self.trouble
            )
            await asyncio.sleep(rest)

    async def _follow(self) -> None:
        async for recorded in self.log.follow(after=self.book.position, limit=PAGE):
            await self.take(recorded)
            self.trouble = ""

    async def take(self, recorded: Sequence[Recorded]) -> None:
        """Write one page and tell everybody."""
        async with self.turn:
            announcement = await self.in_thread(lambda: self.book.apply(recorded))
        self.beat = self.clock()
        self.shown_at = recorded[-1].recorded_at if recorded else self.shown_at
        self._tell(announcement)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """In the one thread that writes the views."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def do(self, step: Callable[[Cursor], object]) -> None:
        """A change of rows that no fact brings about."""

        def done() -> None:
            with transaction(self.book.store) as cursor:
                step(cursor)

        await self.in_thread(done)

    def _tell(self, announcement: Announcement) -> None:
        self.position = announcement.position
        while self._waiting and self._waiting[0][0] <= self.position:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        for ear in self._ears:
            ear.tell(announcement)

    async def reached(self, position: int, *, patience: float | None = None) -> None:
        """Return as soon as the views show `position`; TimeoutError after `patience` seconds."""
        if position <= self.position:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (position, next(self._numbers), future))
        async with asyncio.timeout(self.patience if patience is None else patience):
            await future

    async def everywhere(self, position: int, *, patience: float) -> None:
        """Return when every view has passed `position`, those under construction included (record rule 20).

        What a rebuild that was killed has left would be taken up again by the next one, so it goes.
        """
        await self.reached(position, patience=patience)
        async with asyncio.timeout(patience), self.building:
            await asyncio.to_thread(remove, candidate(self.book.store.path))

    @contextmanager
    def listening(self) -> Iterator[Ear]:
        """Hear every announcement from now on: `async for announcement in ear`."""
        ear = self.add(Ear())
        try:
            yield ear
        finally:
            self._ears.remove(ear)

    def add(self, ear: Ear) -> Ear:
        """A listener for the life of the runner."""
        self._ears.append(ear)
        return ear

    async def lag(self) -> Lag:
        """How far behind the log the views are."""
        events = max(0, await self.log.head() - self.position)
        known = events and self.shown_at is not None
        seconds = (self.clock() - self.shown_at).total_seconds() if known and self.shown_at else 0.0
        return Lag(events=events, seconds=max(0.0, seconds))

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
