"""How followers learn of commits: by condition, with a slow poll beside it in case somebody else writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from hub.app.ports import Recorded

POLL: Final = 1.0
"""Seconds."""


class News:
    """The last position known to be committed, and a way to wait for a later one."""

    def __init__(self) -> None:
        self.head = 0
        self._changed = asyncio.Event()

    def tell(self, head: int) -> None:
        if head > self.head:
            self.head = head
            self._changed.set()
            self._changed = asyncio.Event()

    async def beyond(self, position: int) -> None:
        """Return once something after `position` is committed, or when it is time to look anyway."""
        if self.head > position:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(
                POLL
            ):  # wait_for of Python 3.11 loses a cancellation that comes with the news
                await self._changed.wait()


Read = Callable[[int, int], Awaitable[Sequence[Recorded]]]


async def followed(read: Read, news: News, after: int, limit: int) -> AsyncIterator[Sequence[Recorded]]:
    """Pages for ever; `read(after, limit)` gives one."""
    while True:
        page = await read(after, limit)
        if page:
            after = page[-1].position
            yield page
        else:
            await news.beyond(after)
