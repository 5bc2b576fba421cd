"""Taking a letter back before it leaves: with it goes whatever it did (record rule 26)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.complaint.by_letter import taken_up_again
from hub.domain.complaint.events import ComplaintLetterWithdrawn, ComplaintReopened
from hub.domain.complaint.state import Complaint
from hub.domain.conversation.commands import WithdrawReply
from hub.domain.conversation.decisions import reopened
from hub.domain.conversation.events import ConversationReopened, ReplyWithdrawn
from hub.domain.conversation.state import WITHDRAWN, Conversation, evolve, last_word
from hub.domain.customer.state import CustomerState
from hub.domain.errors import TooLateToWithdraw
from hub.domain.ids import MessageId

Events = Sequence[ReplyWithdrawn | ComplaintLetterWithdrawn | ComplaintReopened | ConversationReopened]

TAKEN_BACK: Final = "the letter that told the outcome was taken back"


def withdraw(command: WithdrawReply, state: CustomerState) -> Events:
    """Withdrawing and starting the delivery compete on the stream's version: one of them is too late (record rule 26).

    With the letter goes what it did: a complaint is no longer told by it, a conversation resolved after it is open again.
    """
    delivery = state.deliveries.get(command.message)
    if delivery is not None and delivery.status == "pending" and delivery.attempt == 0:
        gone = ReplyWithdrawn(message=command.message, conversation=delivery.conversation)
        conversation = state.conversations.get(gone.conversation)
        return [*_open_again(gone, conversation), gone, *_undone_for_complaints(gone.message, state)]
    conversation = state.conversations.get(command.conversation)
    said = conversation.said if conversation else ()
    if any(one.message == command.message and one.by == WITHDRAWN for one in said):
        return []
    raise TooLateToWithdraw


def _undone_for_complaints(message: MessageId, state: CustomerState) -> Events:
    return [event for complaint in state.complaints.values() for event in _undone_for(complaint, message)]


def _undone_for(complaint: Complaint, message: MessageId) -> Events:
    """A complaint that was closed because of the letter is taken up again: its customer was told nothing."""
    did = {
        "acknowledged": complaint.acknowledgement == message,
        "apologised": complaint.apologised_by == message,
        "told": complaint.told_by == message,
    }
    if not any(did.values()):
        return []
    undone = ComplaintLetterWithdrawn(complaint=complaint.id, message=message, **did)
    if complaint.is_open or not did["told"]:
        return [undone]
    return [undone, taken_up_again(complaint, TAKEN_BACK, is_acknowledged=not did["acknowledged"])]


def _open_again(gone: ReplyWithdrawn, conversation: Conversation | None) -> Events:
    """Before the letter goes, so that the row of a conversation that stays resolved is told from this one's."""
    if conversation is None or conversation.resolved_after != gone.message:
        return []
    if last_word(conversation) not in (gone.message, None):
        return []
    return [reopened(evolve(conversation, gone) or conversation, "undo")]
