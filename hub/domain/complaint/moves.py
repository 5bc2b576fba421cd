"""The guards and moves of a complaint, one small function each; `decisions.py` says which stand where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.domain.complaint.by_letter import taken_up_again
from hub.domain.complaint.commands import (
    Acknowledge,
    Apologise,
    Close,
    ComplaintCommand,
    DetectComplaint,
    Investigate,
    RegisterComplaint,
    ReopenComplaint,
    Respond,
    Tell,
    UnmarkComplaint,
    WithholdAcknowledgement,
)
from hub.domain.complaint.events import (
    AcknowledgementWithheld,
    ComplaintAcknowledged,
    ComplaintApologised,
    ComplaintClosed,
    ComplaintDetected,
    ComplaintEvent,
    ComplaintInvestigated,
    ComplaintLetterWithdrawn,
    ComplaintRegistered,
    ComplaintResponded,
    ComplaintTold,
)
from hub.domain.complaint.state import Complaint
from hub.domain.conversation.events import ReplyWithdrawn, ReplyWritten
from hub.domain.conversation.letters_out import reply_written
from hub.domain.customer.automatic import may_write_by_itself
from hub.domain.customer.state import CustomerState
from hub.domain.errors import IllegalMove, NoSuchComplaint, NothingToSay, OutcomeMissing
from hub.domain.ids import ConversationId

Events = Sequence[ComplaintEvent | ReplyWritten | ReplyWithdrawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a move looks at. `complaint` is None in phase "none" only."""

    complaint: Complaint | None
    state: CustomerState
    now: datetime

    @property
    def known(self) -> Complaint:
        if self.complaint is None:
            raise NoSuchComplaint
        return self.complaint


# --- Guards --------------------------------------------------------------------------------------------------------


def free(command: ComplaintCommand, case: Case) -> None:
    """Nothing more is asked."""


def with_reasons(command: Respond, case: Case) -> None:
    if not command.reasons.strip():
        raise NothingToSay


def before_telling(command: Respond, case: Case) -> None:
    """An outcome that the customer knows is changed only by reopening."""
    with_reasons(command, case)
    if case.known.told and case.known.outcome != command.outcome:
        raise IllegalMove


def outcome_told(command: Close, case: Case) -> None:
    """Only "resolved" speaks of an outcome; the other reasons end a complaint that has none."""
    if command.reason == "resolved" and not case.known.told:
        raise OutcomeMissing


# --- Moves ---------------------------------------------------------------------------------------------------------


def already(command: ComplaintCommand, case: Case) -> Events:
    """It is so."""
    return []


def detect(command: DetectComplaint, case: Case) -> Events:
    """A conversation has one open complaint at most, and spam has none."""
    if _has_open_complaint(command, case.state) or _is_spam(command.conversation, case.state):
        return []
    return [
        ComplaintDetected(
            complaint=command.complaint,
            conversation=command.conversation,
            message=command.message,
            rules=command.rules,
            score=command.score,
            reasons=command.reasons,
        )
    ]


def register(command: RegisterComplaint, case: Case) -> Events:
    if case.complaint is None and (command.only_detected or _has_open_complaint(command, case.state)):
        return []
    return [
        ComplaintRegistered(
            complaint=command.complaint,
            conversation=command.conversation,
            message=command.message,
            number=command.number,
            received_at=command.received_at,
        )
    ]


def acknowledge(command: Acknowledge, case: Case) -> Events:
    """The letter and the fact in one append, so that neither is ever without the other."""
    letter = command.letter
    if case.known.acknowledged or case.known.withheld:
        return []
    if _is_spam(letter.conversation, case.state):
        return [
            AcknowledgementWithheld(complaint=command.complaint, why="the conversation is marked as spam")
        ]
    if not may_write_by_itself(case.state.automatic, (*letter.to, *letter.cc), command.limit, case.now):
        return [
            AcknowledgementWithheld(
                complaint=command.complaint, why="the daily limit of automatic letters is reached"
            )
        ]
    return [
        reply_written(letter, None, case.now + timedelta(seconds=command.delay_seconds)),
        ComplaintAcknowledged(complaint=command.complaint, message=letter.message),
    ]


def withhold(command: WithholdAcknowledgement, case: Case) -> Events:
    if case.known.acknowledged or case.known.withheld:
        return []
    return [AcknowledgementWithheld(complaint=command.complaint, why=command.why)]


def apologise(command: Apologise, case: Case) -> Events:
    if case.known.apologised:
        return []
    return [ComplaintApologised(complaint=command.complaint, message=command.message)]


def investigate(command: Investigate, case: Case) -> Events:
    return [ComplaintInvestigated(complaint=command.complaint)]


def respond(command: Respond, case: Case) -> Events:
    """Until the customer is told, outcome and reasons may be corrected."""
    if case.known.told:
        return []
    return [ComplaintResponded(complaint=command.complaint, outcome=command.outcome, reasons=command.reasons)]


def tell(command: Tell, case: Case) -> Events:
    if case.known.told:
        return []
    return [ComplaintTold(complaint=command.complaint, message=command.message, how=command.how)]


def close(command: Close, case: Case) -> Events:
    return [ComplaintClosed(complaint=command.complaint, reason=command.reason)]


def unmark(command: UnmarkComplaint, case: Case) -> Events:
    """An acknowledgement that has not left yet stays here."""
    closed = ComplaintClosed(complaint=command.complaint, reason="registered in error")
    delivery = case.state.deliveries.get(case.known.acknowledgement) if case.known.acknowledgement else None
    if delivery is None or delivery.status != "pending":
        return [closed]
    return [
        ReplyWithdrawn(message=delivery.message, conversation=delivery.conversation),
        ComplaintLetterWithdrawn(complaint=command.complaint, message=delivery.message, acknowledged=True),
        closed,
    ]


def reopen(command: ReopenComplaint, case: Case) -> Events:
    return [taken_up_again(case.known, command.why)]


def _has_open_complaint(command: DetectComplaint | RegisterComplaint, state: CustomerState) -> bool:
    return any(one.is_open and one.conversation == command.conversation for one in state.complaints.values())


def _is_spam(named: ConversationId, state: CustomerState) -> bool:
    conversation = state.conversations.get(named)
    return conversation is not None and conversation.spam
