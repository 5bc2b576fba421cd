"""What may happen to a letter of ours before it leaves: written, stopped, withdrawn (record rule 26)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.domain.complaint.by_letter import done_by_letter
from hub.domain.complaint.events import (
    ComplaintApologised,
    ComplaintLetterFailed,
    ComplaintLetterWithdrawn,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.complaint.state import Complaint
from hub.domain.conversation import delivering, withdrawing
from hub.domain.conversation.commands import (
    Letter,
    LetterCommand,
    WithdrawReply,
    WriteReply,
)
from hub.domain.conversation.decisions import named
from hub.domain.conversation.events import (
    ConversationEvent,
    ConversationOpened,
    ReplyWritten,
)
from hub.domain.conversation.state import BOT, WITHDRAWN, Conversation
from hub.domain.customer.automatic import may_write_by_itself
from hub.domain.customer.state import CustomerState
from hub.domain.errors import (
    AnsweredMeanwhile,
    AutomaticLimit,
    IllegalMove,
    NobodyToWriteTo,
    NothingToSay,
    NotWhileDetected,
)
from hub.domain.ids import AgentId, ConversationId, MessageId

Events = Sequence[
    ConversationEvent
    | ComplaintTold
    | ComplaintApologised
    | ComplaintLetterWithdrawn
    | ComplaintLetterFailed
    | ComplaintReopened
]


def decide(command: LetterCommand, state: CustomerState, now: datetime) -> Events:
    """The events that `command` leads to."""
    match command:
        case WriteReply():
            return write(command, state, now)
        case WithdrawReply():
            return withdrawing.withdraw(command, state)
        case _:
            return delivering.decide(command, state, now)


def write(command: WriteReply, state: CustomerState, now: datetime) -> Events:
    """Guards in the order in which a writer can mend them; the letter, and what it does for the complaint, together."""
    letter = command.letter
    conversation = state.conversations.get(letter.conversation)
    if letter.message in state.deliveries or _has_said(conversation, letter.message):
        return []
    _check_letter(letter)
    if letter.automatic and not _may_leave_by_itself(command, conversation, state, now):
        raise AutomaticLimit
    if letter.kind == "reply" and answered_meanwhile(
        named(state, letter.conversation), command.seen, command.author
    ):
        raise AnsweredMeanwhile
    written = reply_written(letter, command.author, now + timedelta(seconds=command.undo_seconds))
    if letter.kind == "new" and conversation is None:
        return [_opened(letter), written]
    return [written, *_for_complaint(command, state, named(state, letter.conversation).id)]


def _may_leave_by_itself(
    command: WriteReply, conversation: Conversation | None, state: CustomerState, now: datetime
) -> bool:
    """Spam gets no automatic letter, anybody else `limit` of them a day."""
    spam = conversation is not None and conversation.spam
    letter = command.letter
    return not spam and may_write_by_itself(state.automatic, (*letter.to, *letter.cc), command.limit, now)


def answered_meanwhile(conversation: Conversation, seen: MessageId | None, author: AgentId | None) -> bool:
    """Whether a customer or a colleague wrote after `seen`. One's own letters, the bot's and withdrawn ones don't count."""
    harmless = {str(author), BOT, WITHDRAWN}
    ids = [said.message for said in conversation.said]
    if seen in ids:
        later = conversation.said[ids.index(seen) + 1 :]
        return any(said.by not in harmless for said in later)
    return conversation.forgot or any(said.by not in harmless for said in conversation.said)


def reply_written(letter: Letter, author: AgentId | None, send_after: datetime) -> ReplyWritten:
    """The fact that the letter was written; it leaves at `send_after`."""
    return ReplyWritten(
        message=letter.message,
        conversation=letter.conversation,
        account=letter.account,
        kind=letter.kind,
        automatic=letter.automatic,
        language=letter.language,
        send_after=send_after,
        answers=letter.answers,
        author=author,
        blobs=letter.blobs,
        to=letter.to,
        cc=letter.cc,
        subject=letter.subject,
        text=letter.text,
        message_ref=letter.message_ref,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        reply_to=letter.reply_to,
        files=letter.files,
    )


def _check_letter(letter: Letter) -> None:
    if not letter.to and not letter.cc:
        raise NobodyToWriteTo
    if not letter.text.strip() and not letter.files:
        raise NothingToSay


def _has_said(conversation: Conversation | None, message: MessageId) -> bool:
    return conversation is not None and any(said.message == message for said in conversation.said)


def _opened(letter: Letter) -> ConversationOpened:
    return ConversationOpened(
        conversation=letter.conversation,
        account=letter.account,
        channel=letter.channel,
        subject=letter.subject,
    )


def _is_to_be_told(complaint: Complaint) -> bool:
    """A conversation may have two open complaints when one was taken up again: a letter is about the one decided."""
    return complaint.phase == "responded" and not complaint.told


def _for_complaint(command: WriteReply, state: CustomerState, conversation: ConversationId) -> Events:
    """A person's letter that tells the outcome or apologises, said of the open complaint of this conversation."""
    if not command.tells_outcome and not command.apologises:
        return []
    of_it = [one for one in state.complaints.values() if one.conversation == conversation]
    complaint = next(iter(sorted(of_it, key=_is_to_be_told, reverse=True)), None)
    if complaint is None or (command.tells_outcome and complaint.phase != "responded"):
        raise IllegalMove
    if complaint.phase == "detected":
        raise NotWhileDetected
    return done_by_letter(
        complaint, command.letter.message, tells=command.tells_outcome, apologises=command.apologises
    )
