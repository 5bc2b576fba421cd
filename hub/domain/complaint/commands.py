"""Orders about complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.complaint.events import CloseReason, Outcome
from hub.domain.conversation.commands import Letter
from hub.domain.ids import ComplaintId, ConversationId, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectComplaint:
    """Rules of version `rules` gave `score` to `message`; `reasons` are the rules' names."""

    complaint: ComplaintId
    conversation: ConversationId
    message: MessageId
    rules: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterComplaint:
    """Give it a number, taken from a counter before deciding. `received_at`: when the first message was received.

    A person who marks a message gives a fresh id; the bot's is derived from the message.
    `only_detected`: the bot's registration follows its detection or does not happen.
    """

    complaint: ComplaintId
    conversation: ConversationId
    message: MessageId
    number: str
    received_at: datetime
    only_detected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Send the one acknowledgement. `limit`: automatic letters per address within 24 h."""

    complaint: ComplaintId
    letter: Letter
    limit: int = 3
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WithholdAcknowledgement:
    """There will be no letter; `why` is for the rep and holds nothing personal."""

    complaint: ComplaintId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apologise:
    """`message`: the letter that apologised, None when it was said in person."""

    complaint: ComplaintId
    message: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigate:
    complaint: ComplaintId


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    complaint: ComplaintId
    outcome: Outcome
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """The customer knows the outcome: by the letter `message`, or as `how` says ("telephone", "in person")."""

    complaint: ComplaintId
    message: MessageId | None = None
    how: str = "letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    complaint: ComplaintId
    reason: CloseReason = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmarkComplaint:
    """It was none: closed as registered in error."""

    complaint: ComplaintId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenComplaint:
    complaint: ComplaintId
    why: str


ComplaintCommand = (
    DetectComplaint
    | RegisterComplaint
    | Acknowledge
    | WithholdAcknowledgement
    | Apologise
    | Investigate
    | Respond
    | Tell
    | Close
    | UnmarkComplaint
    | ReopenComplaint
)
