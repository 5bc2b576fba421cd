"""Where the codec gets its keys, and a ring that lives in memory."""

from __future__ import annotations

import os
from typing import Protocol

from hub.domain.ids import StreamId


class KeyRing(Protocol):
    """Data keys of 32 bytes by id: `str(stream)` for a stream's own, the blob id for events sealed by a blob's key."""

    def key(self, key_id: str) -> bytes | None:
        """None when destroyed or never made. Quick (cached), and callable from any thread."""
        ...

    async def ensure(self, stream: StreamId) -> None:
        """The stream has a data key from now on, unless it was destroyed; committed before this returns."""
        ...


class MemoryRing:
    """Every id has a key until it is destroyed."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._destroyed: set[str] = set()

    def key(self, key_id: str) -> bytes | None:
        if key_id in self._destroyed:
            return None
        return self._keys.get(key_id) or self._keys.setdefault(key_id, os.urandom(32))

    async def ensure(self, stream: StreamId) -> None:
        """Nothing to do: `key` makes what it is asked for."""

    def destroy(self, key_id: str) -> None:
        self._keys.pop(key_id, None)
        self._destroyed.add(key_id)
