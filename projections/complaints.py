"""The complaints: number, phase, the facts beside it with their dates, and where each was raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, case, func, select, tuple_

from hub.domain.ids import ComplaintId, ConversationId
from projections.complaint_rows import complaints, projection
from projections.dialect import Cursor, Lookup
from projections.projection import of_json

__all__ = ["complaints", "projection"]

OPEN = ("detected", "registered", "investigating", "responded")
TOLD_APART = case((complaints.c.phase == "closed", 1), else_=0)
BEGAN = func.coalesce(complaints.c.detected_at, complaints.c.registered_at, "0")
"""When it came up: a colleague registers one that nobody detected."""
BEST_FIRST = (TOLD_APART, BEGAN.desc(), complaints.c.complaint)
"""An open complaint stands before a closed one, a later before an earlier."""


RAISED_IN = select(complaints.c.complaint).where(complaints.c.conversation == bindparam("conversation"))
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
    best_last = (TOLD_APART.desc(), BEGAN, complaints.c.complaint.desc())
    query = select(*columns).where(complaints.c.conversation.in_(conversations)).order_by(*best_last)
    return {
        of: {"id": id, "number": number or "", "phase": phase}
        for of, id, number, phase in connection.execute(query)
    }


def complaint(connection: Connection, complaint: str) -> dict[str, Any] | None:
    return first(connection, complaints.c.complaint == complaint)


def by_number(connection: Connection, number: str) -> dict[str, Any] | None:
    return first(connection, complaints.c.number == number.strip().upper())


def ids_of(connection: Connection, conversation: str) -> Sequence[str]:
    """Every complaint that was raised in a conversation, closed ones included."""
    return connection.scalars(RAISED_IN, {"conversation": conversation}).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintsView:
    """The `Complaints` port over the views."""

    lookup: Lookup

    async def raised_in(self, conversation: ConversationId) -> Sequence[ComplaintId]:
        named = {"conversation": str(conversation)}
        return [ComplaintId(UUID(complaint)) for (complaint,) in await self.lookup.rows(RAISED_IN, named)]


def of_conversation(connection: Connection, conversation: str) -> dict[str, Any] | None:
    """The open, else the latest complaint of a conversation."""
    return first(connection, complaints.c.conversation == conversation)


def of_customer(connection: Connection, customer: str) -> list[dict[str, Any]]:
    """All of them, newest first."""
    query = newest_first().where(complaints.c.customer == customer)
    return [shown(row) for row in connection.execute(query).mappings()]


def in_phase(
    connection: Connection, *phases: str, cursor: str | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the complaints in these phases (none named: in any), newest first, and the cursor of the next page.

    `cursor` is what the page before gave: what comes up meanwhile moves nothing.
    """
    query = newest_first().where(complaints.c.phase.in_(phases)) if phases else newest_first()
    if cursor is not None:
        query = query.where(tuple_(BEGAN, complaints.c.complaint) < tuple_(*cursor.rsplit("~", 1)))
    found = connection.execute(query.add_columns(BEGAN.label("began")).limit(limit + 1)).mappings().all()
    following = "{began}~{complaint}".format(**found[limit - 1]) if len(found) > limit else None
    return [shown(row) for row in found[:limit]], following


def newest_first() -> Select[Any]:
    return select(complaints).order_by(BEGAN.desc(), complaints.c.complaint.desc())


def first(connection: Connection, where: Any) -> dict[str, Any] | None:
    query = select(complaints).where(where).order_by(*BEST_FIRST).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else shown(row)


def shown(row: Any) -> dict[str, Any]:
    decided = {} if row["outcome"] else {"outcome_reasons": None, "responded_at": None}
    called = {"id": row["complaint"], "number": row["number"] or "", "reasons": of_json(row["reasons"])}
    return {**row, **decided, **called}
