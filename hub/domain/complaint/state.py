"""Where a complaint stands: one phase, and facts beside it. Only open complaints stay in a customer's state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from hub.domain.complaint.events import (
    AcknowledgementWithheld,
    ComplaintAcknowledged,
    ComplaintApologised,
    ComplaintClosed,
    ComplaintDetected,
    ComplaintEvent,
    ComplaintInvestigated,
    ComplaintRegistered,
    ComplaintReopened,
    ComplaintResponded,
    ComplaintTold,
    Outcome,
)
from hub.domain.ids import ComplaintId, ConversationId, MessageId

Phase = Literal["detected", "registered", "investigating", "responded", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`acknowledged`: the one letter, `acknowledgement`, is on record; `withheld`: on record that there will be none."""

    id: ComplaintId
    conversation: ConversationId | None
    message: MessageId | None
    phase: Phase
    number: str = ""
    acknowledged: bool = False
    acknowledgement: MessageId | None = None
    withheld: bool = False
    apologised: bool = False
    told: bool = False
    outcome: Outcome | None = None

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
        case ComplaintApologised():
            return replace(past, apologised=True)
        case ComplaintInvestigated():
            return replace(past, phase="investigating")
        case ComplaintResponded(outcome=outcome):
            return replace(past, phase="responded", outcome=outcome)
        case ComplaintTold():
            return replace(past, told=True)
        case ComplaintClosed():
            return replace(past, phase="closed")
        case ComplaintDetected() | ComplaintRegistered() | ComplaintReopened():
            return past
        case _:
            assert_never(event)


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
