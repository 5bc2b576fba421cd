"""A letter that did not arrive has told nobody: what it did for a complaint is undone, and done again when it is sent anyway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.complaint.by_letter import done_by_letter, taken_up_again
from hub.domain.complaint.events import (
    ComplaintApologised,
    ComplaintLetterFailed,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.complaint.state import Complaint
from hub.domain.customer.state import CustomerState
from hub.domain.ids import MessageId

Undone = Sequence[ComplaintLetterFailed | ComplaintReopened]
DoneAgain = Sequence[ComplaintTold | ComplaintApologised]

NOT_ARRIVED: Final = "the letter that told the outcome did not arrive"


def undone(message: MessageId, state: CustomerState) -> Undone:
    """What a failure or a permanent bounce of the letter takes back.

    The state knows neither to whom a letter went nor what became of earlier attempts: one recipient's bounce, or a final
    no after an uncertain attempt, counts for the whole letter. Told twice is better than never.
    """
    return [event for complaint in state.complaints.values() for event in _undone_for(complaint, message)]


def _undone_for(complaint: Complaint, message: MessageId) -> Undone:
    """Reopened first: a complaint that comes back into the state hears of its letter only then."""
    told, apologised = complaint.told_by == message, complaint.apologised_by == message
    if not told and not apologised:
        return []
    again = told and complaint.close_reason == "resolved"
    failed = ComplaintLetterFailed(
        complaint=complaint.id,
        message=message,
        told=told,
        apologised=apologised,
        outcome=complaint.outcome if told and (again or complaint.is_open) else None,
    )
    return [taken_up_again(complaint, NOT_ARRIVED), failed] if again else [failed]


def done_again(message: MessageId, state: CustomerState) -> DoneAgain:
    """What the letter does when it is sent anyway, unless it was done meanwhile or another outcome was decided."""
    return [event for complaint in state.complaints.values() for event in _done_again_for(complaint, message)]


def _done_again_for(complaint: Complaint, message: MessageId) -> DoneAgain:
    lost = complaint.lost
    if lost is None or lost.message != message or not complaint.is_open:
        return []
    return done_by_letter(complaint, message, tells=lost.told, apologises=lost.apologised)
