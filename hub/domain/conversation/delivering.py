"""What may happen to a letter on its way: reserved before the socket is touched, then settled (record rules 26 and 27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from hub.domain.complaint.events import (
    ComplaintApologised,
    ComplaintLetterFailed,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.conversation import not_arriving
from hub.domain.conversation.commands import (
    ConfirmDelivery,
    DeliveryCommand,
    MarkUncertain,
    RecordBounce,
    RetryDelivery,
    StartDelivery,
)
from hub.domain.conversation.deliveries import Delivery
from hub.domain.conversation.events import (
    ConversationEvent,
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryHandedOver,
    DeliveryRetried,
    DeliveryStarted,
    DeliveryUncertain,
)
from hub.domain.customer.state import CustomerState
from hub.domain.errors import NotWaiting, NotYetDue
from hub.domain.ids import ConversationId
from hub.domain.letters import Deferred, HandedOver, Refused, Uncertain

Events = Sequence[
    ConversationEvent | ComplaintLetterFailed | ComplaintReopened | ComplaintTold | ComplaintApologised
]


def decide(command: DeliveryCommand, state: CustomerState, now: datetime) -> Events:
    """The events that `command` leads to."""
    match command:
        case StartDelivery():
            return start(command, state, now)
        case ConfirmDelivery():
            return confirm(command, state)
        case MarkUncertain():
            return mark_uncertain(command, state)
        case RecordBounce():
            return record_bounce(command, state)
        case RetryDelivery():
            return retry(command, state)
        case _:
            assert_never(command)


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
    settled = _settled(command, delivery.conversation)
    if not isinstance(settled, DeliveryFailed):
        return [settled]
    return [settled, *not_arriving.undone(command.message, state)]


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


def record_bounce(command: RecordBounce, state: CustomerState) -> Events:
    """Every report is on record; once-keys keep each single."""
    bounced = DeliveryBounced(
        message=command.message,
        conversation=command.conversation,
        permanent=command.permanent,
        report=command.report,
        recipients=command.recipients,
        diagnostic=command.diagnostic,
    )
    return [bounced, *(not_arriving.undone(command.message, state) if command.permanent else ())]


def retry(command: RetryDelivery, state: CustomerState) -> Events:
    delivery = state.deliveries.get(command.message)
    if delivery is None:
        raise NotWaiting
    if delivery.status in ("pending", "started", "deferred"):
        return []
    retried = DeliveryRetried(message=command.message, conversation=delivery.conversation)
    return [retried, *not_arriving.done_again(command.message, state)]
