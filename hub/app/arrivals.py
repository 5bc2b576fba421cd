"""A letter on its way in: what came, where it stood, and the once-keys that make it single (record rule 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.app.ports import Inbox, Secrets
from hub.domain.ids import BlobId, ConversationId, CustomerId, MessageId, Position
from hub.domain.letters import Incoming, Location, normalised

Fingerprint = Callable[[bytes], bytes]
"""The raw bytes without the trace fields that each hop adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`location` is None when the source keeps no place for it (a pipe, a form). `read` is set when the channel has read it already.

    `once`: a further once-key, such as a form's idempotency key. `spam`: why it is filed as spam at once, else "".
    """

    inbox: Inbox
    raw: bytes
    received_at: datetime
    location: Location | None = None
    read: Incoming | None = None
    once: bytes = b""
    spam: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """How a letter ended: on record at `position`. The ids are None for what belongs to no customer."""

    ending: Literal["recorded", "seen again", "known", "parked", "echo", "bounce"]
    position: Position
    customer: CustomerId | None = None
    conversation: ConversationId | None = None
    message: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceKeys:
    """`letter`: these bytes, anywhere in the workspace. `delivery`: this place of this source, b"" without one."""

    letter: bytes
    delivery: bytes
    also: bytes = b""

    @property
    def all(self) -> tuple[bytes, ...]:
        return tuple(key for key in (self.letter, self.delivery, self.also) if key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter half way: what came, the keys that keep it single, where its bytes are, what was read."""

    arrival: Arrival
    keys: OnceKeys
    raw: BlobId
    read: Incoming
    cause: Position | None = None

    @property
    def sender(self) -> str:
        return normalised(self.read.sender.address)


def once_keys(arrival: Arrival, secrets: Secrets, fingerprint: Fingerprint) -> OnceKeys:
    place = arrival.location
    return OnceKeys(
        letter=secrets.keyed("letter", fingerprint(arrival.raw)),
        delivery=secrets.keyed(
            "delivery", *map(str, (place.account, place.folder, place.validity, place.uid))
        )
        if place
        else b"",
        also=arrival.once,
    )


def message_id(secrets: Secrets, keys: OnceKeys) -> MessageId:
    """The same letter has the same id, however often it is tried."""
    return MessageId(secrets.derived("message", keys.letter))


def conversation_id(secrets: Secrets, keys: OnceKeys) -> ConversationId:
    return ConversationId(secrets.derived("conversation", keys.letter))
