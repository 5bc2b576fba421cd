"""Small things sealed under a stream's own key, such as a cached state: IV ‖ AES-256-GCM, bound to the stream."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

IV_BYTES = 12


class Ring(Protocol):
    def key(self, key_id: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes under the keys of a ring. Callable from any thread."""

    ring: Ring

    def seal(self, stream: UUID, data: bytes) -> bytes | None:
        """None once the stream's key was destroyed."""
        key, iv = self.ring.key(str(stream)), os.urandom(IV_BYTES)
        return None if key is None else iv + AESGCM(key).encrypt(iv, data, stream.bytes)

    def unseal(self, stream: UUID, data: bytes) -> bytes | None:
        """None once the stream's key was destroyed, and for bytes that were not sealed by it."""
        key = self.ring.key(str(stream))
        if key is None:
            return None
        try:
            return AESGCM(key).decrypt(data[:IV_BYTES], data[IV_BYTES:], stream.bytes)
        except InvalidTag:
            return None
