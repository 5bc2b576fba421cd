"""Our letters on their way: from written to handed over, or until a person decides. Finished ones leave the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, assert_never

from hub.domain.conversation.events import (
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
from hub.domain.ids import ConversationId, MessageId

DeliveryStatus = Literal["pending", "started", "deferred", "uncertain", "failed", "bounced"]

STUCK: Final[frozenset[DeliveryStatus]] = frozenset({"uncertain", "failed", "bounced"})
"""Nothing more happens by itself, save that a person's uncertain letter may be repeated (record rule 27)."""

STUCK_KEPT: Final = 10
"""Of the stuck ones only the newest stay, so that a dead address can't fill the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One letter of ours that is not settled. `attempt`: the last one started, 0 for none; `due`: not before."""

    message: MessageId
    conversation: ConversationId
    automatic: bool
    due: datetime | None
    status: DeliveryStatus = "pending"
    attempt: int = 0


Deliveries = Mapping[MessageId, Delivery]

DeliveryEvent = (
    ReplyWritten
    | ReplyWithdrawn
    | DeliveryStarted
    | DeliveryHandedOver
    | DeliveryDeferred
    | DeliveryFailed
    | DeliveryUncertain
    | DeliveryBounced
    | DeliveryRetried
)


def evolve(past: Deliveries, event: DeliveryEvent) -> Deliveries:
    """The letters on their way after `event`."""
    after = dict(past)
    delivery = _moved(after.pop(event.message, None), event)
    if delivery is None:
        return after
    after[event.message] = delivery
    return _bounded(after)


def _moved(past: Delivery | None, event: DeliveryEvent) -> Delivery | None:
    match event:
        case ReplyWritten(message=message, conversation=conversation, automatic=automatic, send_after=due):
            return Delivery(message=message, conversation=conversation, automatic=bool(automatic), due=due)
        case ReplyWithdrawn() | DeliveryHandedOver():
            return None
        case DeliveryBounced():
            return _bounced(past, event)
        case _:
            return None if past is None else _attempted(past, event)


def _attempted(
    past: Delivery,
    event: DeliveryStarted | DeliveryDeferred | DeliveryFailed | DeliveryUncertain | DeliveryRetried,
) -> Delivery:
    match event:
        case DeliveryStarted(attempt=attempt):
            return replace(past, status="started", attempt=attempt)
        case DeliveryDeferred(next_at=next_at):
            return replace(past, status="deferred", due=next_at)
        case DeliveryFailed():
            return replace(past, status="failed")
        case DeliveryUncertain():
            return replace(past, status="uncertain")
        case DeliveryRetried():
            return replace(past, status="pending")
        case _:
            assert_never(event)


def _bounced(past: Delivery | None, event: DeliveryBounced) -> Delivery | None:
    """A permanent report brings a settled letter back until a person decides; a delay changes nothing.

    Whether a settled letter was automatic is forgotten: then it is treated as one, which is never repeated by itself.
    """
    if not event.permanent:
        return past
    settled = Delivery(
        message=event.message, conversation=event.conversation, automatic=True, due=None, attempt=1
    )
    return replace(past or settled, status="bounced")


def _bounded(deliveries: Deliveries) -> Deliveries:
    stuck = [message for message, delivery in deliveries.items() if delivery.status in STUCK]
    if len(stuck) <= STUCK_KEPT:
        return deliveries
    dropped = frozenset(stuck[:-STUCK_KEPT])
    return {message: delivery for message, delivery in deliveries.items() if message not in dropped}
