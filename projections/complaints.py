"""The complaints: number, phase, the facts beside it with their dates, and where each was raised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, select

from projections.complaint_rows import complaints, projection
from projections.dialect import Cursor
from projections.projection import of_json

__all__ = ["complaints", "projection"]

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
