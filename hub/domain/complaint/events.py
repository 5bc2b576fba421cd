"""Facts of a complaint. These names are on disk: add, never rename."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hub.domain.ids import ComplaintId, ConversationId, MessageId
from hub.domain.vocabulary import Personal, event

Outcome = Literal["upheld", "partly upheld", "not upheld"]
CloseReason = Literal["resolved", "withdrawn", "out of scope", "registered in error"]


@event("complaint.detected.v1")
class ComplaintDetected:
    """Rules of version `rules` gave `score` for `message`; `reasons` are the rules' names."""

    complaint: ComplaintId
    conversation: ConversationId
    message: MessageId
    rules: str
    score: float
    reasons: tuple[str, ...]


@event("complaint.registered.v1")
class ComplaintRegistered:
    """It has a number. `received_at`: when the first message was *received*, not when somebody clicked."""

    complaint: ComplaintId
    conversation: ConversationId
    message: MessageId
    number: str
    received_at: datetime


@event("complaint.acknowledged.v1")
class ComplaintAcknowledged:
    """The one acknowledgement, by the letter `message`."""

    complaint: ComplaintId
    message: MessageId


@event("acknowledgement.withheld.v1")
class AcknowledgementWithheld:
    """No letter was sent, and why (a machine wrote, the limit is reached, …)."""

    complaint: ComplaintId
    why: str


@event("complaint.apologised.v1")
class ComplaintApologised:
    """An apology for the unpleasantness was given, without admission, by the letter `message`."""

    complaint: ComplaintId
    message: MessageId | None


@event("complaint.investigated.v1")
class ComplaintInvestigated:
    """Somebody took it up."""

    complaint: ComplaintId


@event("complaint.responded.v1")
class ComplaintResponded:
    """The outcome is decided, with its reasons in the words for the customer."""

    complaint: ComplaintId
    outcome: Outcome
    reasons: Personal[str]


@event("complaint.told.v2")
class ComplaintTold:
    """The customer was told the outcome, by `message` or, when None, in person or by voice as `how` says."""

    complaint: ComplaintId
    message: MessageId | None
    how: Personal[str]


@event("complaint.letter_withdrawn.v1")
class ComplaintLetterWithdrawn:
    """The letter `message` was taken back before it left, so what it had done for the complaint is undone."""

    complaint: ComplaintId
    message: MessageId
    acknowledged: bool = False
    apologised: bool = False
    told: bool = False


@event("complaint.letter_failed.v1")
class ComplaintLetterFailed:
    """The letter `message` did not arrive, so it has told and apologised nothing; `outcome` is decided and to be told still.

    `outcome` is None where nothing is to be told any more. An acknowledgement stays on record: there is one, arrived or not.
    """

    complaint: ComplaintId
    message: MessageId
    told: bool = False
    apologised: bool = False
    outcome: Outcome | None = None


@event("complaint.closed.v1")
class ComplaintClosed:
    """Nothing more is to be done about it, and why."""

    complaint: ComplaintId
    reason: CloseReason


@event("complaint.reopened.v2")
class ComplaintReopened:
    """Taken up again after it was closed. Closed ones leave the state (record rule 18), so this says what it was."""

    complaint: ComplaintId
    why: Personal[str]
    conversation: ConversationId | None = None
    message: MessageId | None = None
    number: str = ""
    acknowledged: bool = False


ComplaintEvent = (
    ComplaintDetected
    | ComplaintRegistered
    | ComplaintAcknowledged
    | AcknowledgementWithheld
    | ComplaintApologised
    | ComplaintInvestigated
    | ComplaintResponded
    | ComplaintTold
    | ComplaintLetterWithdrawn
    | ComplaintLetterFailed
    | ComplaintClosed
    | ComplaintReopened
)
