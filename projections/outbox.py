"""The outbox: our letters from written to handed over; what is due, and what a crash left between start and result."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from hub.domain.conversation.events import FileRef, ReplyKind
from hub.domain.ids import AccountId, AgentId, ConversationId, CustomerId, MessageId
from hub.domain.letters import Address
from projections import timeline
from projections.outbox_rows import outbox, projection
from projections.projection import instant, moment

__all__ = [
    "OutgoingLetter",
    "Posted",
    "due",
    "in_state",
    "letter",
    "next_due",
    "of_accounts",
    "projection",
    "standing",
    "started_without_result",
]

EVERYBODYS = true()

waits = and_(
    or_(
        outbox.c.state.in_(("pending", "deferred")),
        and_(outbox.c.state == "uncertain", outbox.c.automatic == ""),
    ),
    outbox.c.erased.is_(False),
)


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


def of_accounts(only: AccountId | None, but: Collection[AccountId]) -> ColumnElement[bool]:
    """Letters of one account, or of all `but` some."""
    if only is not None:
        return outbox.c.account == str(only)
    return outbox.c.account.not_in([str(account) for account in but])


def due(
    connection: Connection, now: datetime, limit: int = 100, whose: ColumnElement[bool] = EVERYBODYS
) -> list[Posted]:
    """Pending, deferred, or a person's with an unknown end, and the moment has come; longest overdue first."""
    ripe = and_(waits, whose, outbox.c.due_at <= instant(now))
    return [
        posted(row)
        for row in ask(connection, select(outbox).where(ripe).order_by(outbox.c.due_at).limit(limit))
    ]


def next_due(connection: Connection, whose: ColumnElement[bool] = EVERYBODYS) -> datetime | None:
    """When the next letter may leave; None: none waits."""
    query = select(func.min(outbox.c.due_at)).where(waits, whose)
    first = connection.execute(query).scalar()
    return None if first is None else moment(first)


def in_state(
    connection: Connection, *states: str, limit: int = 1000, whose: ColumnElement[bool] = EVERYBODYS
) -> list[Posted]:
    """Letters in one of these states, for example "uncertain"."""
    wanted = outbox.c.state.in_(states), outbox.c.erased.is_(False), whose
    return [
        posted(row)
        for row in ask(connection, select(outbox).where(*wanted).order_by(outbox.c.started_at).limit(limit))
    ]


def started_without_result(connection: Connection, whose: ColumnElement[bool] = EVERYBODYS) -> list[Posted]:
    """At start-up: deliveries that began and never ended (record rule 27 says what becomes of them)."""
    return in_state(connection, "started", limit=10_000, whose=whose)


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
