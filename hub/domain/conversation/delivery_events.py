"""Facts of a letter of ours on its way. These names are on disk: add, never rename."""

from __future__ import annotations

from datetime import datetime

from hub.domain.ids import BlobId, ConversationId, MessageId
from hub.domain.vocabulary import Personal, event


@event("delivery.started.v1")
class DeliveryStarted:
    """On record before the socket is touched. `attempt` counts from 1."""

    message: MessageId
    conversation: ConversationId
    attempt: int


@event("delivery.handed_over.v1")
class DeliveryHandedOver:
    """The next server took it. `refused`: recipients it would not take, with its words."""

    message: MessageId
    conversation: ConversationId
    attempt: int
    receipt: Personal[str]
    refused: Personal[tuple[tuple[str, str], ...]]


@event("delivery.deferred.v1")
class DeliveryDeferred:
    """A temporary no; tried again at `next_at`."""

    message: MessageId
    conversation: ConversationId
    attempt: int
    next_at: datetime
    why: Personal[str]


@event("delivery.failed.v1")
class DeliveryFailed:
    """A final no, or given up. A person may ask to send it anew."""

    message: MessageId
    conversation: ConversationId
    attempt: int
    why: Personal[str]


@event("delivery.uncertain.v1")
class DeliveryUncertain:
    """The line broke between sending and the answer, or the hub died there: it may or may not have arrived."""

    message: MessageId
    conversation: ConversationId
    attempt: int
    why: Personal[str]


@event("delivery.bounced.v1")
class DeliveryBounced:
    """A delivery report came back for it. `report` is the raw report."""

    message: MessageId
    conversation: ConversationId
    permanent: bool
    report: BlobId
    recipients: Personal[tuple[str, ...]]
    diagnostic: Personal[str]


@event("delivery.retried.v1")
class DeliveryRetried:
    """A person said "send anyway" after a failure or an uncertain end."""

    message: MessageId
    conversation: ConversationId
