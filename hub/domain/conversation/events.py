"""Facts of a conversation and its letters. These names are on disk: add, never rename."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.domain.conversation.delivery_events import (
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryHandedOver,
    DeliveryRetried,
    DeliveryStarted,
    DeliveryUncertain,
)
from hub.domain.conversation.label_events import (
    ConversationMarkedSpam,
    ConversationTagged,
    ConversationUnmarkedSpam,
    ConversationUntagged,
)
from hub.domain.ids import AccountId, AgentId, BlobId, ConversationId, MessageId, NoteId
from hub.domain.letters import Address
from hub.domain.vocabulary import Personal, event


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A file of a message. `blob` holds it whole, or holds the raw letter in which `sha256` finds it.

    `size` in bytes, `sha256` of the decoded content in hex.
    """

    blob: BlobId
    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool = False
    content_id: str = ""


ThreadedBy = Literal["new", "token", "reference", "attached"]
"""Why a message is in its conversation: first of it, our signed token, a header naming an earlier letter, or an agent."""

ReplyKind = Literal["reply", "forward", "new", "acknowledgement", "receipt"]


ReopenedBy = Literal["customer", "agent", "undo"]


@event("conversation.opened.v1")
class ConversationOpened:
    """A conversation began, by a customer's first message or by a letter of ours."""

    conversation: ConversationId
    account: AccountId
    channel: str
    subject: Personal[str]


@event("message.received.v1")
class MessageReceived:
    """A customer's message. Clocks: `occurred_at` (sender's, may be None), `received_at` (our source's); recorded is the event's.

    `raw` is the letter as it came; `message_ref` its Message-ID; `in_reply_to`/`references` as read.
    `verified`: the sender was proven (record rule 15). `automatic`: why it counts as a machine's, else "".
    `same_id_other_bytes`: its Message-ID was seen before on different bytes.
    """

    message: MessageId
    conversation: ConversationId
    account: AccountId
    channel: str
    occurred_at: datetime | None
    received_at: datetime
    raw: BlobId
    threaded_by: ThreadedBy
    threading_why: str
    verified: bool
    automatic: str
    language: str
    same_id_other_bytes: bool = False
    defects: tuple[str, ...] = ()
    sender: Personal[Address]
    reply_to: Personal[Address | None]
    to: Personal[tuple[Address, ...]]
    cc: Personal[tuple[Address, ...]]
    subject: Personal[str]
    text: Personal[str]
    new_text: Personal[str]
    has_html: bool = False
    message_ref: Personal[str]
    in_reply_to: Personal[tuple[str, ...]]
    references: Personal[tuple[str, ...]]
    files: Personal[tuple[FileRef, ...]]


@event("message.seen_again.v1")
class MessageSeenAgain:
    """The same letter at another place of a source (record rule 12)."""

    message: MessageId
    account: AccountId
    folder: str
    validity: int
    uid: int


@event("note.added.v1")
class NoteAdded:
    """A colleague wrote something for colleagues; no customer sees it."""

    note: NoteId
    conversation: ConversationId
    text: Personal[str]


@event("reply.written.v1")
class ReplyWritten:
    """A letter of ours, by a person or a bot. It leaves at `send_after` unless withdrawn before (record rule 26).

    `automatic`: the RFC 3834 keyword, "" for a person's letter. `blobs` are the attachments' vault ids.
    `message_ref`: our Message-ID with its token (sealed, for the token is bound to the correspondent).
    `author`: the person who wrote it, None for a bot.
    """

    message: MessageId
    conversation: ConversationId
    account: AccountId
    kind: ReplyKind
    automatic: str
    language: str
    send_after: datetime
    answers: MessageId | None
    author: AgentId | None = None
    blobs: tuple[BlobId, ...] = ()
    to: Personal[tuple[Address, ...]]
    cc: Personal[tuple[Address, ...]]
    subject: Personal[str]
    text: Personal[str]
    message_ref: Personal[str]
    in_reply_to: Personal[str]
    references: Personal[tuple[str, ...]]
    reply_to: Personal[str]
    files: Personal[tuple[FileRef, ...]]


@event("reply.withdrawn.v1")
class ReplyWithdrawn:
    """Taken back before it left ("undo")."""

    message: MessageId
    conversation: ConversationId


@event("conversation.assigned.v1")
class ConversationAssigned:
    """`assignee` None: nobody."""

    conversation: ConversationId
    assignee: AgentId | None


@event("conversation.snoozed.v1")
class ConversationSnoozed:
    """Put off: it comes back at `until`, or when the customer writes."""

    conversation: ConversationId
    until: datetime


@event("conversation.woken.v1")
class ConversationWoken:
    """`by`: "timer", "customer" or "agent"."""

    conversation: ConversationId
    by: Literal["timer", "customer", "agent"]


@event("conversation.resolved.v1")
class ConversationResolved:
    """Nothing is waiting for us here any more."""

    conversation: ConversationId


@event("conversation.reopened.v1")
class ConversationReopened:
    """`by`: "customer" (wrote again), "agent", or "undo" (the letter it was resolved after was taken back). Closed ones leave the state (record rule 18), so this says what it was.

    `last`: the last message before; `assignee` and `tags`: as they were when it came back.
    """

    conversation: ConversationId
    by: ReopenedBy
    assignee: AgentId | None = None
    tags: tuple[str, ...] = ()
    last: MessageId | None = None


ConversationEvent = (
    ConversationOpened
    | MessageReceived
    | MessageSeenAgain
    | NoteAdded
    | ReplyWritten
    | ReplyWithdrawn
    | DeliveryStarted
    | DeliveryHandedOver
    | DeliveryDeferred
    | DeliveryFailed
    | DeliveryUncertain
    | DeliveryBounced
    | DeliveryRetried
    | ConversationAssigned
    | ConversationSnoozed
    | ConversationWoken
    | ConversationResolved
    | ConversationReopened
    | ConversationTagged
    | ConversationUntagged
    | ConversationMarkedSpam
    | ConversationUnmarkedSpam
)

__all__ = [
    "ConversationAssigned", "ConversationEvent", "ConversationMarkedSpam", "ConversationOpened",
    "ConversationReopened", "ConversationResolved", "ConversationSnoozed", "ConversationTagged",
    "ConversationUnmarkedSpam", "ConversationUntagged", "ConversationWoken", "DeliveryBounced",
    "DeliveryDeferred", "DeliveryFailed", "DeliveryHandedOver", "DeliveryRetried", "DeliveryStarted",
    "DeliveryUncertain", "FileRef", "MessageReceived", "MessageSeenAgain", "NoteAdded", "ReplyKind",
    "ReplyWithdrawn", "ReplyWritten", "ThreadedBy",
]  # fmt: skip
