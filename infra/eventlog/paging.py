"""A stream read page by page: no read transaction grows old, and a page of large facts may be shorter than asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hub.app.ports import Recorded

PAGE: Final = 1000

ReadAfter = Callable[[int, int], Awaitable[Sequence[Recorded]]]
"""(version, how many at most) → the facts after that version; none: the end."""


async def stream_of(read: ReadAfter, after: int, limit: int | None) -> list[Recorded]:
    """At most `limit` facts after version `after`; all of them when it is None."""
    facts: list[Recorded] = []
    while limit is None or len(facts) < limit:
        size = PAGE if limit is None else min(PAGE, limit - len(facts))
        more = await read(facts[-1].version if facts else after, size)
        facts += more
        if not more:
            break
    return facts
