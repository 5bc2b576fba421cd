"""The envelope in bytes: who, by which command, because of which event; ids only.

    nonce 16 | command 16 | cause 8 | correlation 16 | actor kind 1 | length of actor id 2 | actor id (UTF-8)

Big endian. Cause 0 and an all-zero correlation mean none. The last length makes it end by itself.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, get_args
from uuid import UUID

from hub.app.ports import Envelope
from hub.domain.ids import CommandId, Position
from hub.domain.vocabulary import Actor, ActorKind

STAMPED: Final = 9  # tag and moment stand before the envelope
NONCE: Final = 16
FIXED: Final = Struct(">16sQ16sBH")
FIXED_END: Final = STAMPED + NONCE + FIXED.size
KINDS: Final[tuple[ActorKind, ...]] = get_args(ActorKind)
NOBODY: Final = bytes(16)
UNKNOWN: Final = Envelope(actor=Actor(kind="system", id="unknown"), command=CommandId(UUID(int=0)))


def pack(envelope: Envelope) -> bytes:
    """Everything but the nonce, which each event gets for itself."""
    actor = envelope.actor.id.encode()
    correlation = envelope.correlation.bytes if envelope.correlation else NOBODY
    kind = KINDS.index(envelope.actor.kind)
    return FIXED.pack(envelope.command.bytes, envelope.cause or 0, correlation, kind, len(actor)) + actor


def unpack(state: bytes) -> tuple[Envelope, int]:
    """The envelope of stored bytes, and where it ends. Raises on damaged bytes."""
    end = FIXED_END + int.from_bytes(state[FIXED_END - 2 : FIXED_END])
    return _envelope(state[STAMPED + NONCE : end]), end


def nonce_of(state: bytes) -> bytes:
    """The event's nonce, of stored bytes."""
    return state[STAMPED : STAMPED + NONCE]


@lru_cache(maxsize=1024)
def _envelope(packed: bytes) -> Envelope:
    """The events of one append share these bytes, and mostly come one after the other."""
    command, cause, correlation, kind, length = FIXED.unpack_from(packed)
    actor = packed[FIXED.size :]
    if len(actor) != length:
        raise ValueError("cut short")
    return Envelope(
        actor=_actor(kind, actor),
        command=CommandId(UUID(bytes=command)),
        cause=Position(cause) if cause else None,
        correlation=None if correlation == NOBODY else UUID(bytes=correlation),
    )


@lru_cache(maxsize=4096)
def _actor(kind: int, actor: bytes) -> Actor:
    return Actor(kind=KINDS[kind], id=actor.decode())
