"""Made-up touchpoints for measurements: a message of 28 words in a fact of 24 fields, as the hub records it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import AccountId, BlobId, ConversationId, MessageId
from hub.domain.letters import Address

WORDS = [
    "order",
    "parcel",
    "arrived",
    "damaged",
    "refund",
    "please",
    "invoice",
    "delivery",
    "account",
    "replace",
    "return",
    "charged",
    "twice",
    "service",
    "sorry",
    "waiting",
    "three",
    "weeks",
    "complaint",
    "number",
    "manager",
    "address",
    "wrong",
    "late",
    "missing",
    "broken",
    "thank",
    "help",
    "answer",
    "soon",
]


def message(chance: random.Random) -> MessageReceived:
    text = " ".join(chance.choice(WORDS) for _ in range(28))
    return MessageReceived(
        message=MessageId(_id(chance)),
        conversation=ConversationId(_id(chance)),
        account=AccountId(_id(chance)),
        channel="email",
        occurred_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        received_at=datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC),
        raw=BlobId(chance.randbytes(32).hex()),
        threaded_by="new",
        threading_why="first letter",
        verified=False,
        automatic="",
        language="en",
        sender=Address(address=f"ada.{chance.randrange(10**6)}@example.com", name="Ada Lovelace"),
        reply_to=None,
        to=(Address(address="support@shop.example"),),
        cc=(),
        subject=f"Order {chance.randrange(10**6)}",
        text=text,
        new_text=text,
        message_ref=f"{chance.randbytes(12).hex()}@example.com",
        in_reply_to=(),
        references=(),
        files=(),
    )


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128))
