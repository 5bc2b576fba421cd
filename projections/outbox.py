"""The outbox: our letters from written to handed over; what is due, and what a crash left between start and result.

It holds no words of a letter (those stand in the timeline) and no leases (those are desk rows, record rule 26).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Executable,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    func,
    or_,
    select,
    update,
)

from hub.app.ports import Recorded
from hub.domain.conversation import events as c
from hub.domain.conversation.events import FileRef, ReplyKind
from hub.domain.ids import AccountId, AgentId, ConversationId, CustomerId, MessageId
from hub.domain.letters import Address
from projections import timeline
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, instant, moment

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("message", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("conversation", String, nullable=False),
    Column("account", String, nullable=False),
    Column("automatic", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", String),
    Column("started_at", String),
    Column("erased", Boolean, nullable=False, server_default="0"),
    Index("outbox_due", "state", "due_at"),
)

ATTEMPTS = 4
REPEAT_AFTER = timedelta(seconds=30)
"""A person's letter with an unknown end is repeated after 2, 8 and 32 minutes, then waits for a person (record rule 27)."""

waits = and_(
    or_(
        outbox.c.state.in_(("pending", "deferred")),
        and_(outbox.c.state == "uncertain", outbox.c.automatic == ""),
    ),
    outbox.c.erased.is_(False),
)

project = Subscriptions()


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "customer": str(recorded.stream),
        "conversation": str(event.conversation),
        "account": str(event.account),
        "automatic": event.automatic,
        "state": "pending",
        "due_at": instant(event.send_after),
    }
    page.upsert(outbox, str(event.message), values)


@project.on(c.ReplyWithdrawn)
def _(event: c.ReplyWithdrawn, recorded: Recorded, page: Page) -> None:
    page.update(outbox, str(event.message), {"state": "withdrawn", "due_at": None})


@project.on(c.DeliveryStarted)
def _(event: c.DeliveryStarted, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    started: dict[str, Value] = {
        "state": "started",
        "attempt": event.attempt,
        "started_at": at,
        "due_at": None,
    }
    page.update(outbox, str(event.message), started)


@project.on(c.DeliveryDeferred)
def _(event: c.DeliveryDeferred, recorded: Recorded, page: Page) -> None:
    page.update(outbox, str(event.message), {"state": "deferred", "due_at": instant(event.next_at)})


@project.on(c.DeliveryHandedOver)
def _(event: c.DeliveryHandedOver, recorded: Recorded, page: Page) -> None:
    page.update(outbox, str(event.message), {"state": "handed_over", "due_at": None})


@project.on(c.DeliveryFailed)
def _(event: c.DeliveryFailed, recorded: Recorded, page: Page) -> None:
    page.update(outbox, str(event.message), {"state": "failed", "due_at": None})


@project.on(c.DeliveryUncertain)
def _(event: c.DeliveryUncertain, recorded: Recorded, page: Page) -> None:
    again = (
        instant(recorded.recorded_at + REPEAT_AFTER * 4**event.attempt) if event.attempt < ATTEMPTS else None
    )
    page.update(outbox, str(event.message), {"state": "uncertain", "due_at": again})


@project.on(c.DeliveryBounced)
def _(event: c.DeliveryBounced, recorded: Recorded, page: Page) -> None:
    if event.permanent:
        page.update(outbox, str(event.message), {"state": "bounced", "due_at": None})


@project.on(c.DeliveryRetried)
def _(event: c.DeliveryRetried, recorded: Recorded, page: Page) -> None:
    page.update(outbox, str(event.message), {"state": "pending", "due_at": instant(recorded.recorded_at)})


def forget(customer: str) -> Iterator[Executable]:
    """Nothing more leaves for an erased customer; that letters were sent stays in the figures."""
    yield update(outbox).where(outbox.c.customer == customer).values(erased=True)


projection = Projection(name="outbox", version=1, tables=(outbox,), project=project, forget=forget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where one of our letters stands. `automatic`: the RFC 3834 keyword, "" for a person's; `due_at` None: not by itself."""

    message: MessageId
    customer: CustomerId
    conversation: ConversationId
    account: AccountId
    automatic: str
    state: str
    attempt: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingLetter:
    """Everything needed to compose it. `reply_to` is our token address or ""; files name the vault's blobs."""

    posted: Posted
    kind: ReplyKind
    author: AgentId | None
    answers: MessageId | None
    language: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    message_ref: str
    in_reply_to: str
    references: tuple[str, ...]
    reply_to: str
    files: tuple[FileRef, ...]
    written_at: datetime


def due(connection: Connection, now: datetime, limit: int = 100) -> list[Posted]:
    """Pending, deferred, or a person's with an unknown end, and the moment has come; longest overdue first."""
    ripe = and_(waits, outbox.c.due_at <= instant(now))
    return [
        posted(row)
        for row in ask(connection, select(outbox).where(ripe).order_by(outbox.c.due_at).limit(limit))
    ]


def next_due(connection: Connection) -> datetime | None:
    """When the next letter may leave; None: none waits."""
    query = select(func.min(outbox.c.due_at)).where(waits)
    first = connection.execute(query).scalar()
    return None if first is None else moment(first)


def in_state(connection: Connection, *states: str, limit: int = 1000) -> list[Posted]:
    """Letters in one of these states, for example "uncertain"."""
    wanted = outbox.c.state.in_(states), outbox.c.erased.is_(False)
    return [
        posted(row)
        for row in ask(connection, select(outbox).where(*wanted).order_by(outbox.c.started_at).limit(limit))
    ]


def started_without_result(connection: Connection) -> list[Posted]:
    """At start-up: deliveries that began and never ended (record rule 27 says what becomes of them)."""
    return in_state(connection, "started", limit=10_000)


def standing(connection: Connection, message: MessageId) -> Posted | None:
    rows = ask(connection, select(outbox).where(outbox.c.message == str(message)))
    return posted(rows[0]) if rows else None


def letter(connection: Connection, message: MessageId) -> OutgoingLetter | None:
    """None when there is no such letter, or its customer was erased."""
    where = standing(connection, message)
    words = timeline.message(connection, str(message))
    return None if where is None or words is None or words["erased"] else composed(where, words)


def composed(where: Posted, words: dict[str, Any]) -> OutgoingLetter:
    return OutgoingLetter(
        posted=where,
        kind=words["reply_kind"],
        author=None if words["author"] is None else AgentId(UUID(words["author"])),
        answers=None if words["answers"] is None else MessageId(UUID(words["answers"])),
        language=words["language"],
        to=msgspec.convert(words["to"], tuple[Address, ...]),
        cc=msgspec.convert(words["cc"], tuple[Address, ...]),
        subject=words["subject"],
        text=words["text"],
        message_ref=words["message_ref"],
        in_reply_to=words["in_reply_to"][0] if words["in_reply_to"] else "",
        references=tuple(words["references"]),
        reply_to=words["reply_to"] or "",
        files=msgspec.convert(words["files"], tuple[FileRef, ...]),
        written_at=moment(words["at"]),
    )


def ask(connection: Connection, query: Any) -> Sequence[Any]:
    return connection.execute(query).mappings().all()


def posted(row: Any) -> Posted:
    return Posted(
        message=MessageId(UUID(row["message"])),
        customer=CustomerId(UUID(row["customer"])),
        conversation=ConversationId(UUID(row["conversation"])),
        account=AccountId(UUID(row["account"])),
        automatic=row["automatic"],
        state=row["state"],
        attempt=row["attempt"],
        due_at=None if row["due_at"] is None else moment(row["due_at"]),
    )
