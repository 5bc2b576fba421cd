"""Where a complaint stands: one phase, and facts beside it. Only open complaints stay in a customer's state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from hub.domain.complaint.events import (
    AcknowledgementWithheld,
    CloseReason,
    ComplaintAcknowledged,
    ComplaintApologised,
    ComplaintClosed,
    ComplaintDetected,
    ComplaintEvent,
    ComplaintInvestigated,
    ComplaintLetterFailed,
    ComplaintLetterWithdrawn,
    ComplaintRegistered,
    ComplaintReopened,
    ComplaintResponded,
    ComplaintTold,
    Outcome,
)
from hub.domain.ids import ComplaintId, ConversationId, MessageId

Phase = Literal["detected", "registered", "investigating", "responded", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LostLetter:
    """A letter that did not arrive, and what it does again when it is sent anyway."""

    message: MessageId
    told: bool
    apologised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`acknowledged`: the one letter, `acknowledgement`, is on record; `withheld`: on record that there will be none.

    `told_by`, `apologised_by`: the letter that did it, None when it was done in person. `lost`: the last that did not arrive.
    """

    id: ComplaintId
    conversation: ConversationId | None
    message: MessageId | None
    phase: Phase
    number: str = ""
    acknowledged: bool = False
    acknowledgement: MessageId | None = None
    withheld: bool = False
    apologised: bool = False
    apologised_by: MessageId | None = None
    told: bool = False
    told_by: MessageId | None = None
    outcome: Outcome | None = None
    lost: LostLetter | None = None
    close_reason: CloseReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether it stays in the customer's state."""
        return self.phase != "closed"


def evolve(past: Complaint | None, event: ComplaintEvent) -> Complaint | None:
    """The complaint after `event`; None where there is none in hand and the event does not begin one."""
    match event:
        case ComplaintDetected(complaint=complaint, conversation=conversation, message=message):
            return Complaint(id=complaint, conversation=conversation, message=message, phase="detected")
        case ComplaintRegistered():
            return _registered(event)
        case ComplaintReopened():
            return _reopened(event)
        case _:
            return None if past is None else _moved(past, event)


def _moved(past: Complaint, event: ComplaintEvent) -> Complaint:
    match event:
        case ComplaintAcknowledged(message=message):
            return replace(past, acknowledged=True, acknowledgement=message)
        case AcknowledgementWithheld():
            return replace(past, withheld=True)
        case ComplaintApologised(message=message):
            return replace(past, apologised=True, apologised_by=message)
        case ComplaintInvestigated():
            return replace(past, phase="investigating")
        case ComplaintResponded(outcome=outcome):
            return replace(past, phase="responded", outcome=outcome, lost=_of_an_older_outcome(past.lost))
        case ComplaintTold(message=message):
            return replace(past, told=True, told_by=message)
        case ComplaintLetterWithdrawn():
            return _without_its_letter(past, event)
        case ComplaintLetterFailed():
            return _lost(past, event)
        case ComplaintClosed(reason=reason):
            return replace(past, phase="closed", close_reason=reason)
        case ComplaintDetected() | ComplaintRegistered() | ComplaintReopened():
            return past
        case _:
            assert_never(event)


def _without_its_letter(past: Complaint, event: ComplaintLetterWithdrawn) -> Complaint:
    return replace(
        _undone(past, event),
        acknowledged=past.acknowledged and not event.acknowledged,
        acknowledgement=None if event.acknowledged else past.acknowledgement,
    )


def _lost(past: Complaint, event: ComplaintLetterFailed) -> Complaint:
    """What was decided is decided still: a complaint that was taken up again for the letter's sake waits for the telling."""
    still = past if event.outcome is None else replace(past, phase="responded", outcome=event.outcome)
    lost = LostLetter(message=event.message, told=event.told, apologised=event.apologised)
    return replace(_undone(still, event), lost=lost)


def _undone(past: Complaint, event: ComplaintLetterWithdrawn | ComplaintLetterFailed) -> Complaint:
    """Without what the letter had told or apologised."""
    return replace(
        past,
        apologised=past.apologised and not event.apologised,
        apologised_by=None if event.apologised else past.apologised_by,
        told=past.told and not event.told,
        told_by=None if event.told else past.told_by,
    )


def _of_an_older_outcome(lost: LostLetter | None) -> LostLetter | None:
    """What is decided anew does not stand in a letter from before."""
    return lost and replace(lost, told=False)


def _registered(event: ComplaintRegistered) -> Complaint:
    return Complaint(
        id=event.complaint,
        conversation=event.conversation,
        message=event.message,
        phase="registered",
        number=event.number,
    )


def _reopened(event: ComplaintReopened) -> Complaint:
    """From the event alone: the same whether the closed complaint was in hand or not."""
    return Complaint(
        id=event.complaint,
        conversation=event.conversation,
        message=event.message,
        phase="investigating",
        number=event.number,
        acknowledged=event.acknowledged,
        withheld=not event.acknowledged,
    )
