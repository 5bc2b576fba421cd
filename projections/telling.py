"""What others hear of the views: how far they are, what changed, and where they are in trouble."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Protocol, TypeAlias

from hub.app.ports import Clock, Recorded
from projections.announcing import Announcement
from projections.book import Gap
from projections.progress import Progress

log = logging.getLogger("amends.projections")

PATIENCE_S = 5.0
FIRST_REST_S, LONGEST_REST_S = 0.05, 5.0
BEAT_S = 1.0
"""Between two heartbeats of views that have nothing to take in."""

Work: TypeAlias = Callable[[], Awaitable[None]]


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
class Herald:
    """Where the views of this process stand.

    `beat`: when they last took facts in or, at rest, were seen to be able to.
    """

    log: FollowedLog
    clock: Clock
    patience: float = PATIENCE_S
    beat: datetime | None = None
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    position: int = 0
    rebuilding: Progress | None = None
    _ears: list[Ear] = field(default_factory=list)
    _waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _troubles: dict[Work, str] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """Why they can't follow the log just now; "" while all is well."""
        return next(iter(self._troubles.values()), "")

    async def persist(self, work: Work, rest: float) -> None:
        """Do `work` for ever, with a rest between. What fails is logged, told by `trouble`, and tried again after a growing rest."""
        pause = rest
        while True:
            before = self.position
            try:
                await work()
                self.well(work)
                pause = rest
            except Exception as broken:  # noqa: BLE001 - an edge: the views must come back whatever happened
                self._troubles[work] = why = self.why(broken)
                pause = rest if self.position > before else min(pause * 2, LONGEST_REST_S)
                log.warning("views stopped at position %d, again in %.2f s: %s", self.position, pause, why)
            await asyncio.sleep(pause)

    def well(self, work: Work) -> None:
        """It has done what it is there for: whatever it was troubled by is over."""
        self._troubles.pop(work, None)

    def why(self, broken: Exception) -> str:
        """In words that quote nobody."""
        return str(broken) if isinstance(broken, Gap) else f"{type(broken).__name__}: {broken}"

    def tell(self, announcement: Announcement) -> None:
        """Everybody who waits, and everybody who listens."""
        self.alive()
        self.position = announcement.position
        while self._waiting and self._waiting[0][0] <= self.position:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        for ear in self._ears:
            ear.tell(announcement)

    def alive(self) -> None:
        """They could take facts in just now."""
        self.beat = self.clock()

    async def reached(self, position: int, *, patience: float | None = None) -> None:
        """Return as soon as the views show `position`; TimeoutError after `patience` seconds."""
        if position <= self.position:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (position, next(self._numbers), future))
        async with asyncio.timeout(self.patience if patience is None else patience):
            await future

    @contextmanager
    def listening(self) -> Iterator[Ear]:
        """Hear every announcement from now on: `async for announcement in ear`."""
        ear = self.add(Ear())
        try:
            yield ear
        finally:
            self._ears.remove(ear)

    def add(self, ear: Ear) -> Ear:
        """A listener for the life of the views."""
        self._ears.append(ear)
        return ear

    async def tidy(self) -> None:
        """Drop views that nobody keeps abreast any more; a file has none."""

    async def lag(self) -> Lag:
        """How far behind the log the views are."""
        events = max(0, await self.log.head() - self.position)
        shown = await self.log.read_all(after=self.position - 1, limit=1) if events and self.position else ()
        seconds = (self.clock() - shown[0].recorded_at).total_seconds() if shown else 0.0
        return Lag(events=events, seconds=max(0.0, seconds))
