"""How often something may happen; in memory on the embedded default, so a restart starts afresh."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable


class SlidingLimits:
    """A sliding window per key. The least recently used keys are dropped above `size`, so a flood of keys fills no memory."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, size: int = 100_000) -> None:
        self._clock, self._size = clock, size
        self._came: OrderedDict[str, deque[float]] = OrderedDict()

    async def allow(self, key: str, limit: int, seconds: float) -> bool:
        """Count one; False when `limit` came within the last `seconds` already. A refused one is not counted."""
        now = self._clock()
        came = self._came.setdefault(key, deque())
        self._came.move_to_end(key)
        while came and came[0] <= now - seconds:
            came.popleft()
        if len(self._came) > self._size:
            self._came.popitem(last=False)
        if len(came) >= limit:
            return False
        came.append(now)
        return True

    async def forget(self, key: str) -> None:
        """Nothing came: what was allowed did not happen after all."""
        self._came.pop(key, None)
