"""The complaints: number, phase, the facts beside it with their dates, and where each was raised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Executable,
    Float,
    MetaData,
    String,
    Table,
    bindparam,
    case,
    select,
    update,
)

from hub.app.ports import Recorded
from hub.domain.complaint import events as c
from projections.dialect import Cursor
from projections.page import Fill, Page, Value
from projections.projection import Projection, Subscriptions, instant, json_of, known, of_json, text_of

metadata = MetaData()

complaints = Table(
    "complaints",
    metadata,
    Column("complaint", String, primary_key=True),
    Column("conversation", String, index=True),
    Column("customer", String, index=True),
    Column("message", String),
    Column("number", String, index=True),
    Column("phase", String, nullable=False, server_default="detected", index=True),
    Column("score", Float),
    Column("reasons", String),
    Column("rules", String),
    Column("detected_at", String),
    Column("received_at", String),
    Column("registered_at", String),
    Column("acknowledged_at", String),
    Column("withheld", String),
    Column("apologised_at", String),
    Column("investigated_at", String),
    Column("responded_at", String),
    Column("outcome", String),
    Column("outcome_reasons", String),
    Column("told_at", String),
    Column("told_how", String),
    Column("closed_at", String),
    Column("close_reason", String),
    Column("reopened_at", String),
    Column("erased", Boolean, nullable=False, server_default="0"),
)

project = Subscriptions()


@project.on(c.ComplaintDetected)
def _(event: c.ComplaintDetected, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "conversation": text_of(event.conversation),
        "customer": text_of(recorded.stream),
        "message": text_of(event.message),
        "phase": "detected",
        "score": event.score,
        "reasons": json_of(event.reasons),
        "rules": event.rules,
        "detected_at": instant(recorded.recorded_at),
    }
    page.upsert(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintRegistered)
def _(event: c.ComplaintRegistered, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "conversation": text_of(event.conversation),
        "customer": text_of(recorded.stream),
        "message": text_of(event.message),
        "phase": "registered",
        "number": event.number,
        "received_at": instant(event.received_at),
        "registered_at": instant(recorded.recorded_at),
    }
    page.upsert(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintAcknowledged)
def _(event: c.ComplaintAcknowledged, recorded: Recorded, page: Page) -> None:
    page.update(
        complaints, text_of(event.complaint), {"acknowledged_at": Fill(instant(recorded.recorded_at))}
    )


@project.on(c.AcknowledgementWithheld)
def _(event: c.AcknowledgementWithheld, recorded: Recorded, page: Page) -> None:
    page.update(complaints, text_of(event.complaint), {"withheld": event.why})


@project.on(c.ComplaintApologised)
def _(event: c.ComplaintApologised, recorded: Recorded, page: Page) -> None:
    page.update(complaints, text_of(event.complaint), {"apologised_at": Fill(instant(recorded.recorded_at))})


@project.on(c.ComplaintInvestigated)
def _(event: c.ComplaintInvestigated, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.update(complaints, text_of(event.complaint), {"phase": "investigating", "investigated_at": at})


@project.on(c.ComplaintResponded)
def _(event: c.ComplaintResponded, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "phase": "responded",
        "outcome": event.outcome,
        "outcome_reasons": known(event.reasons),
        "responded_at": instant(recorded.recorded_at),
    }
    page.update(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintTold)
def _(event: c.ComplaintTold, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.update(complaints, text_of(event.complaint), {"told_at": at, "told_how": event.how})


@project.on(c.ComplaintClosed)
def _(event: c.ComplaintClosed, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    values: dict[str, Value] = {"phase": "closed", "closed_at": at, "close_reason": event.reason}
    page.update(complaints, text_of(event.complaint), values)


@project.on(c.ComplaintReopened)
def _(event: c.ComplaintReopened, recorded: Recorded, page: Page) -> None:
    """Back to investigating; what was told before is history, the outcome is open again."""
    undone = (
        "outcome",
        "outcome_reasons",
        "told_at",
        "told_how",
        "responded_at",
        "closed_at",
        "close_reason",
    )
    values: dict[str, Value] = dict.fromkeys(undone)
    again: dict[str, Value] = {"phase": "investigating", "reopened_at": instant(recorded.recorded_at)}
    page.update(complaints, text_of(event.complaint), values | again)


def forget(customer: str) -> Iterator[Executable]:
    """A complaint stays in the figures: its number, phase, outcome and dates are not personal."""
    mine = complaints.c.customer == customer
    yield update(complaints).where(mine).values(outcome_reasons=None, told_how=None, erased=True)


projection = Projection(name="complaints", version=2, tables=(complaints,), project=project, forget=forget)

OPEN = ("detected", "registered", "investigating", "responded")
TOLD_APART = case((complaints.c.phase == "closed", 1), else_=0)
BEST_FIRST = (
    TOLD_APART,
    complaints.c.detected_at.desc().nulls_last(),
    complaints.c.registered_at.desc().nulls_last(),
    complaints.c.complaint,
)
"""An open complaint stands before a closed one, a later before an earlier."""


CONVERSATION_OF = select(complaints.c.conversation).where(complaints.c.complaint == bindparam("complaint"))


def conversation_of(cursor: Cursor, complaint: str) -> str | None:
    """Which conversation changed when a complaint moved (asked while writing)."""
    rows = cursor.run(CONVERSATION_OF, {"complaint": complaint})
    return rows[0][0] if rows else None


def with_open_ones() -> Any:
    """Subquery: conversations whose complaint is not closed yet."""
    return select(complaints.c.conversation).where(complaints.c.phase.in_(OPEN))


def badges(connection: Connection, conversations: Sequence[str]) -> dict[str, dict[str, str]]:
    """Conversation → {"id", "number", "phase"} of its open, else its latest complaint."""
    columns = complaints.c.conversation, complaints.c.complaint, complaints.c.number, complaints.c.phase
    best_last = (
        TOLD_APART.desc(),
        complaints.c.detected_at.nulls_first(),
        complaints.c.registered_at.nulls_first(),
        complaints.c.complaint.desc(),
    )
    query = select(*columns).where(complaints.c.conversation.in_(conversations)).order_by(*best_last)
    return {
        of: {"id": id, "number": number or "", "phase": phase}
        for of, id, number, phase in connection.execute(query)
    }


def complaint(connection: Connection, complaint: str) -> dict[str, Any] | None:
    return first(connection, complaints.c.complaint == complaint)


def by_number(connection: Connection, number: str) -> dict[str, Any] | None:
    return first(connection, complaints.c.number == number.strip().upper())


def of_conversation(connection: Connection, conversation: str) -> dict[str, Any] | None:
    """The open, else the latest complaint of a conversation."""
    return first(connection, complaints.c.conversation == conversation)


def of_customer(connection: Connection, customer: str) -> list[dict[str, Any]]:
    """Newest first."""
    return listed(connection, complaints.c.customer == customer)


def in_phase(connection: Connection, *phases: str) -> list[dict[str, Any]]:
    """All complaints in one of the phases (none named: in any), newest first."""
    return listed(
        connection, complaints.c.phase.in_(phases) if phases else complaints.c.complaint.is_not(None)
    )


def first(connection: Connection, where: Any) -> dict[str, Any] | None:
    query = select(complaints).where(where).order_by(*BEST_FIRST).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else shown(row)


def listed(connection: Connection, where: Any) -> list[dict[str, Any]]:
    query = (
        select(complaints)
        .where(where)
        .order_by(complaints.c.registered_at.desc().nulls_last(), complaints.c.complaint)
        .limit(1000)
    )
    return [shown(row) for row in connection.execute(query).mappings()]


def shown(row: Any) -> dict[str, Any]:
    return {**row, "id": row["complaint"], "number": row["number"] or "", "reasons": of_json(row["reasons"])}
