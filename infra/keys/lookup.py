"""Keyed hashes and derived ids under the lookup key, which never changes (record rules 15, 17)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LookupSecrets:
    """The `Secrets` port. `key`: 32 bytes."""

    key: bytes = field(repr=False)
    _begun: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A copy of one begun under the key costs less than a new one, and keeps the interpreter lock over short parts."""
        object.__setattr__(self, "_begun", hmac.new(self.key, digestmod="sha256"))

    def keyed(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes: HMAC-SHA256 over length-prefixed parts, so that ("ab", "c") and ("a", "bc") differ, and "a" and b"a"."""
        mac = self._begun.copy()
        mac.update(b"".join(map(_framed, (purpose, *parts))))
        return mac.digest()

    def derived(self, purpose: str, *parts: str | bytes) -> UUID:
        """A version 8 UUID (RFC 9562 §5.8) from the first 16 bytes of the keyed hash."""
        raw = bytearray(self.keyed(f"id {purpose}", *parts)[:16])
        raw[6] = raw[6] & 0x0F | 0x80
        raw[8] = raw[8] & 0x3F | 0x80
        return UUID(bytes=bytes(raw))


def _framed(part: str | bytes) -> bytes:
    kind, raw = (b"s", part.encode()) if isinstance(part, str) else (b"b", part)
    return kind + len(raw).to_bytes(8) + raw
