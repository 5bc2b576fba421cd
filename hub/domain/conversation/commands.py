"""Orders about conversations and letters. The times and identities in them come from outside: nothing here is made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.domain.conversation.events import FileRef, MessageReceived, ReplyKind
from hub.domain.ids import AccountId, AgentId, BlobId, ConversationId, MessageId, NoteId
from hub.domain.letters import Address, Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What we say, to whom, and by what name: everything of `ReplyWritten` but who wrote it and when it leaves.

    `message_ref` and `reply_to` come from the addressing (our signed token); `in_reply_to` and `references` thread it.
    `channel` counts only for the conversation that kind "new" opens.
    """

    message: MessageId
    conversation: ConversationId
    account: AccountId
    kind: ReplyKind
    to: tuple[Address, ...]
    subject: str
    text: str
    channel: str = "email"
    message_ref: str = ""
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    answers: MessageId | None = None
    cc: tuple[Address, ...] = ()
    automatic: str = ""
    language: str = "en"
    blobs: tuple[BlobId, ...] = ()
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveMessage:
    """Put a customer's message where it belongs. What was heard can't be refused: it is taken as it is.

    It opens its conversation where it is new (`threaded_by` "new"), reopens a resolved one, wakes a snoozed one.
    """

    message: MessageReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAgain:
    message: MessageId
    account: AccountId
    folder: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    note: NoteId
    conversation: ConversationId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReply:
    """Write a letter; it leaves `undo_seconds` from now. `letter.kind` "new" opens its conversation.

    `author`: the person, None for a bot. `seen`: the last message the author was shown in this conversation.
    `tells_outcome`, `apologises`: what the letter does for the open complaint of the conversation.
    `limit`: automatic letters per address within 24 h.
    """

    letter: Letter
    author: AgentId | None
    seen: MessageId | None = None
    undo_seconds: float = 10.0
    tells_outcome: bool = False
    apologises: bool = False
    limit: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawReply:
    message: MessageId
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDelivery:
    """Reserve one attempt. Only who got an event out of this may touch the socket: repeated, it is refused."""

    message: MessageId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDelivery:
    """What became of the attempt. `next_at`: when a deferred letter is tried again, None to give it up."""

    message: MessageId
    attempt: int
    result: Delivery
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUncertain:
    """An attempt was started and its result never recorded: the hub died in between."""

    message: MessageId
    attempt: int
    why: str = "the hub stopped between sending and the answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBounce:
    message: MessageId
    conversation: ConversationId
    permanent: bool
    report: BlobId
    recipients: tuple[str, ...]
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDelivery:
    """ "Send anyway": a person asks for one more attempt after a failure or an uncertain end."""

    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    conversation: ConversationId
    assignee: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassign:
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    conversation: ConversationId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """The timer wakes only what is due."""

    conversation: ConversationId
    by: Literal["timer", "agent"] = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    conversation: ConversationId
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Untag:
    conversation: ConversationId
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSpam:
    conversation: ConversationId
    why: str = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmarkSpam:
    conversation: ConversationId


DeliveryCommand = StartDelivery | ConfirmDelivery | MarkUncertain | RecordBounce | RetryDelivery
LetterCommand = WriteReply | WithdrawReply | DeliveryCommand
TalkCommand = (
    ReceiveMessage
    | SeeAgain
    | AddNote
    | Assign
    | Unassign
    | Snooze
    | Wake
    | Resolve
    | Reopen
    | Tag
    | Untag
    | MarkSpam
    | UnmarkSpam
)
ConversationCommand = TalkCommand | LetterCommand
