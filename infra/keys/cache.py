"""Opened data keys in memory: few, and never for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock


class KeyCache:
    """Opened keys, the least recently used dropped first, none older than `seconds` (record rule 20: at most 60)."""

    def __init__(
        self, *, size: int = 20_000, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, key_id: str) -> bytes | None:
        with self._lock:
            until, key = self._held.get(key_id, (0.0, b""))
            if not key:
                return None
            if self._clock() >= until:
                del self._held[key_id]
                return None
            self._held.move_to_end(key_id)
            return key

    def put(self, key_id: str, key: bytes) -> None:
        with self._lock:
            self._held[key_id] = (self._clock() + self._seconds, key)
            if len(self._held) > self._size:
                self._held.popitem(last=False)

    def drop(self, key_ids: Iterable[str] | None) -> None:
        with self._lock:
            for key_id in list(self._held) if key_ids is None else key_ids:
                self._held.pop(key_id, None)
