"""Keyed hashes and derived ids under the lookup key, which never changes (record rules 15, 17)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LookupSecrets:
    """The `Secrets` port. `key`: 32 bytes."""

    key: bytes = field(repr=False)

    def keyed(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes: HMAC-SHA256 over length-prefixed parts, so that ("ab", "c") and ("a", "bc") differ, and "a" and b"a"."""
        return hmac.digest(self.key, b"".join(map(_framed, (purpose, *parts))), "sha256")

    def derived(self, purpose: str, *parts: str | bytes) -> UUID:
        """A version 8 UUID (RFC 9562 §5.8) from the first 16 bytes of the keyed hash."""
        raw = bytearray(self.keyed(f"id {purpose}", *parts)[:16])
        raw[6] = raw[6] & 0x0F | 0x80
        raw[8] = raw[8] & 0x3F | 0x80
        return UUID(bytes=bytes(raw))


def _framed(part: str | bytes) -> bytes:
    kind, raw = (b"s", part.encode()) if isinstance(part, str) else (b"b", part)
    return kind + len(raw).to_bytes(8) + raw
