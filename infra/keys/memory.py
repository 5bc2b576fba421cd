"""Data keys that live as long as the process: the working double of `KeyFile`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from hub.domain.errors import CustomerErased
from hub.domain.ids import StreamId
from infra.keys.keyfile import KeyState
from infra.keys.lookup import LookupSecrets


class MemoryKeys:
    """Same promises as `KeyFile`, nothing on disk."""

    def __init__(self, lookup: bytes | None = None) -> None:
        self._keys: dict[str, bytes] = {}
        self.secrets = LookupSecrets(lookup or secrets.token_bytes(32))

    def key(self, key_id: str) -> bytes | None:
        return self._keys.get(key_id) or None

    def state(self, key_id: str) -> KeyState:
        if key_id not in self._keys:
            return "unknown"
        return "held" if self._keys[key_id] else "destroyed"

    async def ensure(self, stream: StreamId) -> None:
        if not self._keys.setdefault(str(stream), secrets.token_bytes(32)):
            raise CustomerErased

    async def put(self, keys: Mapping[str, bytes]) -> None:
        self._keys.update(keys)

    async def destroy(self, key_ids: Iterable[str]) -> None:
        self._keys.update(dict.fromkeys(key_ids, b""))

    def forget_cached(self, key_ids: Iterable[str] | None = None) -> None:
        """Nothing is cached here."""

    async def scrub(self) -> None:
        """Nothing is on disk here."""
