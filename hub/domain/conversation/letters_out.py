"""What may happen to a letter of ours: written, withdrawn, tried, settled (record rules 26 and 27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from hub.domain.complaint.events import ComplaintApologised, ComplaintTold
from hub.domain.conversation.commands import (
    ConfirmDelivery,
    Letter,
    LetterCommand,
    MarkUncertain,
    RecordBounce,
    RetryDelivery,
    StartDelivery,
    WithdrawReply,
    WriteReply,
)
from hub.domain.conversation.decisions import named
from hub.domain.conversation.deliveries import Delivery
from hub.domain.conversation.events import (
    ConversationEvent,
    ConversationOpened,
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryHandedOver,
    DeliveryRetried,
    DeliveryStarted,
    DeliveryUncertain,
    ReplyWithdrawn,
    ReplyWritten,
)
from hub.domain.conversation.state import BOT, WITHDRAWN, Conversation
from hub.domain.customer.state import CustomerState, may_write_by_itself
from hub.domain.errors import (
    AnsweredMeanwhile,
    AutomaticLimit,
    IllegalMove,
    NobodyToWriteTo,
    NothingToSay,
    NotWaiting,
    NotWhileDetected,
    NotYetDue,
    TooLateToWithdraw,
)
from hub.domain.ids import AgentId, ConversationId, MessageId
from hub.domain.letters import Deferred, HandedOver, Refused, Uncertain

Events = Sequence[ConversationEvent | ComplaintTold | ComplaintApologised]


def decide(command: LetterCommand, state: CustomerState, now: datetime) -> Events:
    """The events that `command` leads to."""
    match command:
        case WriteReply():
            return write(command, state, now)
        case WithdrawReply():
            return withdraw(command, state)
        case StartDelivery():
            return start(command, state, now)
        case ConfirmDelivery():
            return confirm(command, state)
        case MarkUncertain():
            return mark_uncertain(command, state)
        case RecordBounce():
            return record_bounce(command)
        case RetryDelivery():
            return retry(command, state)
        case _:
            assert_never(command)


def write(command: WriteReply, state: CustomerState, now: datetime) -> Events:
    """Guards in the order in which a writer can mend them; the letter, and what it does for the complaint, together."""
    letter = command.letter
    conversation = state.conversations.get(letter.conversation)
    if letter.message in state.deliveries or _has_said(conversation, letter.message):
        return []
    _check_letter(letter)
    if letter.automatic and not may_write_by_itself(state, (*letter.to, *letter.cc), command.limit, now):
        raise AutomaticLimit
    if letter.kind == "reply" and answered_meanwhile(
        named(state, letter.conversation), command.seen, command.author
    ):
        raise AnsweredMeanwhile
    written = reply_written(letter, command.author, now + timedelta(seconds=command.undo_seconds))
    if letter.kind == "new" and conversation is None:
        return [_opened(letter), written]
    return [written, *_for_complaint(command, state, named(state, letter.conversation).id)]


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


def withdraw(command: WithdrawReply, state: CustomerState) -> Events:
    """Withdrawing and starting the delivery compete on the stream's version: one of them is too late (record rule 26)."""
    delivery = state.deliveries.get(command.message)
    if delivery is not None and delivery.status == "pending" and delivery.attempt == 0:
        return [ReplyWithdrawn(message=command.message, conversation=delivery.conversation)]
    conversation = state.conversations.get(command.conversation)
    said = conversation.said if conversation else ()
    if any(one.message == command.message and one.by == WITHDRAWN for one in said):
        return []
    raise TooLateToWithdraw


def start(command: StartDelivery, state: CustomerState, now: datetime) -> Events:
    """Never an empty list: who is told "already so" might think that the letter is theirs to send."""
    delivery = state.deliveries.get(command.message)
    if delivery is None or not _may_start(delivery) or command.attempt != delivery.attempt + 1:
        raise NotWaiting
    if delivery.due is not None and delivery.due > now:
        raise NotYetDue
    return [
        DeliveryStarted(message=command.message, conversation=delivery.conversation, attempt=command.attempt)
    ]


def _may_start(delivery: Delivery) -> bool:
    """A person's uncertain letter may be repeated by itself, an automatic one never (record rule 27)."""
    return delivery.status in ("pending", "deferred") or (
        delivery.status == "uncertain" and not delivery.automatic
    )


def confirm(command: ConfirmDelivery, state: CustomerState) -> Events:
    """A result that comes late still settles an attempt that was taken for uncertain."""
    delivery = state.deliveries.get(command.message)
    if (
        delivery is None
        or delivery.attempt != command.attempt
        or delivery.status not in ("started", "uncertain")
    ):
        return []
    if delivery.status == "uncertain" and isinstance(command.result, Uncertain):
        return []
    return [_settled(command, delivery.conversation)]


def _settled(command: ConfirmDelivery, conversation: ConversationId) -> ConversationEvent:
    message, attempt = command.message, command.attempt
    match command.result:
        case HandedOver(receipt=receipt, refused=refused):
            return DeliveryHandedOver(
                message=message, conversation=conversation, attempt=attempt, receipt=receipt, refused=refused
            )
        case Deferred(why=why) if command.next_at is not None:
            return DeliveryDeferred(
                message=message, conversation=conversation, attempt=attempt, next_at=command.next_at, why=why
            )
        case Deferred(why=why) | Refused(why=why):
            return DeliveryFailed(message=message, conversation=conversation, attempt=attempt, why=why)
        case Uncertain(why=why):
            return DeliveryUncertain(message=message, conversation=conversation, attempt=attempt, why=why)
        case _:
            assert_never(command.result)


def mark_uncertain(command: MarkUncertain, state: CustomerState) -> Events:
    delivery = state.deliveries.get(command.message)
    if delivery is None or delivery.status != "started" or delivery.attempt != command.attempt:
        return []
    return [
        DeliveryUncertain(
            message=command.message,
            conversation=delivery.conversation,
            attempt=command.attempt,
            why=command.why,
        )
    ]


def record_bounce(command: RecordBounce) -> Events:
    """Every report is on record; once-keys keep each single."""
    return [
        DeliveryBounced(
            message=command.message,
            conversation=command.conversation,
            permanent=command.permanent,
            report=command.report,
            recipients=command.recipients,
            diagnostic=command.diagnostic,
        )
    ]


def retry(command: RetryDelivery, state: CustomerState) -> Events:
    delivery = state.deliveries.get(command.message)
    if delivery is None:
        raise NotWaiting
    if delivery.status in ("pending", "started", "deferred"):
        return []
    return [DeliveryRetried(message=command.message, conversation=delivery.conversation)]


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


def _for_complaint(command: WriteReply, state: CustomerState, conversation: ConversationId) -> Events:
    """A person's letter that tells the outcome or apologises, said of the open complaint of this conversation."""
    if not command.tells_outcome and not command.apologises:
        return []
    complaint = next((one for one in state.complaints.values() if one.conversation == conversation), None)
    if complaint is None or (command.tells_outcome and complaint.phase != "responded"):
        raise IllegalMove
    if complaint.phase == "detected":
        raise NotWhileDetected
    message = command.letter.message
    told = ComplaintTold(complaint=complaint.id, message=message, how="letter")
    sorry = ComplaintApologised(complaint=complaint.id, message=message)
    return [
        *([told] if command.tells_outcome and not complaint.told else []),
        *([sorry] if command.apologises and not complaint.apologised else []),
    ]
