"""One batch of letters on its way to the record: several at a time, the cursor behind them, never ahead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from channels.email.cursor import Progress, found, recorded
from channels.email.wire.mailbox import Arrival
from hub.domain.letters import Location


@dataclass(slots=True, kw_only=True)
class Recording:
    """`cursor`: as last settled. `take` and `settle` as in `Ledger`; `window`: letters being taken at once.

    Letters go on while the cursor is being settled, so a settle covers all that came on record meanwhile.
    """

    cursor: Location
    take: Callable[[Arrival], Awaitable[None]]
    settle: Callable[[Location], Awaitable[None]]
    window: int
    progress: Progress = field(init=False)
    waiting: deque[Arrival] = field(default_factory=deque)
    running: dict[asyncio.Task[None], int] = field(default_factory=dict)
    settling: asyncio.Task[None] | None = None

    async def run(self, batch: Sequence[int], arrivals: Sequence[Arrival]) -> Location:
        """Record `arrivals`, of the UIDs `batch`; UIDs without an arrival are gone. The cursor after all of them."""
        self.progress = found(Progress(settled=self.cursor.uid), batch)
        for uid in set(batch) - {arrival.location.uid for arrival in arrivals}:
            self.progress = recorded(self.progress, uid)
        self.waiting.extend(arrivals)
        try:
            while self.waiting or self.running or self.progress.settled > self.cursor.uid:
                self._start()
                await self._step()
        finally:
            for task in self._tasks():
                task.cancel()
        return self.cursor

    def _start(self) -> None:
        while self.waiting and len(self.running) < self.window:
            arrival = self.waiting.popleft()
            self.running[asyncio.ensure_future(self.take(arrival))] = arrival.location.uid
        if self.settling is None and self.progress.settled > self.cursor.uid:
            self.settling = asyncio.ensure_future(
                self._settle(replace(self.cursor, uid=self.progress.settled))
            )

    async def _step(self) -> None:
        finished, _ = await asyncio.wait(self._tasks(), return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            if task is self.settling:
                self.settling = None
            await task
            if task in self.running:
                self.progress = recorded(self.progress, self.running.pop(task))

    async def _settle(self, cursor: Location) -> None:
        await self.settle(cursor)
        self.cursor = cursor

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [*self.running, *((self.settling,) if self.settling is not None else ())]
