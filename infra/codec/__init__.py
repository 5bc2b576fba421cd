"""Facts to stored bytes and back: an open part anyone may read, a sealed part that dies with its key (record rules 4, 5)."""

from infra.codec.describing import describe
from infra.codec.envelopes import pack
from infra.codec.ring import KeyRing, MemoryRing
from infra.codec.sealing import Codec, NoKey, Sealed, StoredRow, stamp

__all__ = ["Codec", "KeyRing", "MemoryRing", "NoKey", "Sealed", "StoredRow", "describe", "pack", "stamp"]
