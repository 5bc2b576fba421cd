"""Whatever arrives while the last batch is at work goes together into the next: one commit for all who wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Call it with one item; it answers when the batch that held the item is done.

    `work` runs in `thread`, takes the items in the order they came and gives an answer for each:
    a value, or an exception for that item alone. What `work` raises, every item of the batch raises.
    """

    def __init__(
        self, work: Callable[[list[T]], Sequence[R | Exception]], thread: Executor, *, cap: int = 500
    ) -> None:
        self._work, self._thread, self._cap = work, thread, cap
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._at_work: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._drain())
        return await answer

    async def _drain(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._cap, len(self._waiting)))]
            await self._serve(batch)

    async def _serve(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        answers: Sequence[R | Exception]
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._work, [item for item, _ in batch])
        except Exception as failure:  # noqa: BLE001 - handed to everybody who waits
            answers = [failure] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[R], answer: R | Exception) -> None:
    if future.done():  # its caller gave up waiting
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
