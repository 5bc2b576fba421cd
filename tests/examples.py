"""Ready-made facts and orders, so that a test shows only the field it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from hub.domain.complaint.commands import Acknowledge, RegisterComplaint
from hub.domain.complaint.events import (
    ComplaintAcknowledged,
    ComplaintDetected,
    ComplaintRegistered,
    ComplaintResponded,
)
from hub.domain.conversation.commands import Letter, ReceiveMessage, WriteReply
from hub.domain.conversation.events import (
    ConversationOpened,
    DeliveryHandedOver,
    DeliveryStarted,
    MessageReceived,
    ReplyWritten,
)
from hub.domain.conversation.letters_out import reply_written
from hub.domain.customer.events import CustomerOpened
from hub.domain.ids import AccountId, AgentId, BlobId, ComplaintId, ConversationId, MessageId
from hub.domain.letters import Address

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
BEFORE = NOW - timedelta(hours=3)

_NAMES = UUID("7b1c5a52-0f63-4bd4-9d39-0f0f4e1f6a00")


def known_id(name: str) -> UUID:
    """An id that the same name always gives."""
    return uuid5(_NAMES, name)


SUPPORT = AccountId(known_id("support"))
TALK = ConversationId(known_id("talk"))
OTHER_TALK = ConversationId(known_id("other talk"))
M1, M2, M3 = (MessageId(known_id(f"message {n}")) for n in (1, 2, 3))
R1, R2 = (MessageId(known_id(f"reply {n}")) for n in (1, 2))
ACK = MessageId(known_id("acknowledgement"))
COMPLAINT = ComplaintId(known_id("complaint"))
ANNA, BEN = AgentId(known_id("Anna")), AgentId(known_id("Ben"))
ALICE = Address(address="alice@shop.example", name="Alice")
RAW = BlobId("aa" * 32)


def opened(**fields: Any) -> CustomerOpened:
    return replace(CustomerOpened(channel="email", name="Alice"), **fields)


def talk_opened(**fields: Any) -> ConversationOpened:
    fact = ConversationOpened(conversation=TALK, account=SUPPORT, channel="email", subject="The kettle")
    return replace(fact, **fields)


def received(message: MessageId = M1, **fields: Any) -> MessageReceived:
    fact = MessageReceived(
        message=message,
        conversation=TALK,
        account=SUPPORT,
        channel="email",
        occurred_at=BEFORE,
        received_at=NOW,
        raw=RAW,
        threaded_by="new",
        threading_why="names no earlier letter",
        verified=False,
        automatic="",
        language="en",
        sender=ALICE,
        reply_to=None,
        to=(Address(address="support@house.example"),),
        cc=(),
        subject="The kettle",
        text="It broke.",
        new_text="It broke.",
        message_ref=f"{message}@shop.example",
        in_reply_to=(),
        references=(),
        files=(),
    )
    return replace(fact, **fields)


def receive(message: MessageId = M1, **fields: Any) -> ReceiveMessage:
    return ReceiveMessage(message=received(message, **fields))


def letter(message: MessageId = R1, **fields: Any) -> Letter:
    said = Letter(
        message=message,
        conversation=TALK,
        account=SUPPORT,
        kind="reply",
        to=(ALICE,),
        subject="Re: The kettle",
        text="A new one is on its way.",
    )
    return replace(said, **fields)


def write(
    message: MessageId = R1, *, by: AgentId | None = ANNA, seen: MessageId | None = M1, **fields: Any
) -> WriteReply:
    """Fields of the letter by their names; fields of the order too."""
    own = {name: fields.pop(name) for name in list(fields) if name in WriteReply.__dataclass_fields__}
    return WriteReply(letter=letter(message, **fields), author=by, seen=seen, **own)


def written(
    message: MessageId = R1,
    *,
    by: AgentId | None = ANNA,
    leaves: datetime = NOW + timedelta(seconds=10),
    **fields: Any,
) -> ReplyWritten:
    return reply_written(letter(message, **fields), by, leaves)


def acknowledgement(message: MessageId = ACK, **fields: Any) -> Letter:
    """To a bare address, as the bot writes it."""
    bare = {"kind": "acknowledgement", "automatic": "auto-replied", "to": (Address(address=ALICE.address),)}
    return letter(message, **{**bare, **fields})


def started(message: MessageId = R1, attempt: int = 1, **fields: Any) -> DeliveryStarted:
    return replace(DeliveryStarted(message=message, conversation=TALK, attempt=attempt), **fields)


def handed_over(message: MessageId = R1, attempt: int = 1) -> DeliveryHandedOver:
    return DeliveryHandedOver(
        message=message, conversation=TALK, attempt=attempt, receipt="250 ok", refused=()
    )


def detected(**fields: Any) -> ComplaintDetected:
    fact = ComplaintDetected(
        complaint=COMPLAINT,
        conversation=TALK,
        message=M1,
        rules="detection-1",
        score=4.5,
        reasons=("demands",),
    )
    return replace(fact, **fields)


def registered(**fields: Any) -> ComplaintRegistered:
    fact = ComplaintRegistered(
        complaint=COMPLAINT, conversation=TALK, message=M1, number="C-2026-00042", received_at=NOW
    )
    return replace(fact, **fields)


def register(**fields: Any) -> RegisterComplaint:
    order = RegisterComplaint(
        complaint=COMPLAINT, conversation=TALK, message=M1, number="C-2026-00042", received_at=NOW
    )
    return replace(order, **fields)


def acknowledge(**fields: Any) -> Acknowledge:
    return Acknowledge(complaint=COMPLAINT, letter=acknowledgement(), **fields)


def acknowledged() -> ComplaintAcknowledged:
    return ComplaintAcknowledged(complaint=COMPLAINT, message=ACK)


def responded(**fields: Any) -> ComplaintResponded:
    fact = ComplaintResponded(complaint=COMPLAINT, outcome="upheld", reasons="The lid was faulty.")
    return replace(fact, **fields)
