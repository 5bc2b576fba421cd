"""A complaint as the desk shows it, with the moves that are legal now for this role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hub.domain.complaint import commands as c
from hub.domain.complaint.decisions import TABLE
from hub.domain.complaint.moves import already
from hub.domain.staff.events import Role
from hub.web.shaping import only
from hub.web.told import ComplaintInfo
from projections import inbox

COMMANDS: Final[Mapping[str, type]] = {
    "register": c.RegisterComplaint,
    "investigate": c.Investigate,
    "respond": c.Respond,
    "tell": c.Tell,
    "close": c.Close,
    "unmark": c.UnmarkComplaint,
    "reopen": c.ReopenComplaint,
    "apologise": c.Apologise,
}
DONE_BY: Final = {"tell": "told_at", "apologise": "apologised_at"}
"""Moves that are made once: the column that is filled when it was."""


def shown_complaint(row: Mapping[str, Any], subject: str, role: Role) -> dict[str, Any]:
    """The row in the shape of `ComplaintInfo`."""
    filled = {
        **row,
        "subject": subject,
        "withheld": row["withheld"] or "",
        "outcome_reasons": row["outcome_reasons"] or "",
        "received_at": row["received_at"] or row["detected_at"],
        "moves": moves(row, role),
    }
    return only(ComplaintInfo, filled)


def shown_complaints(db: Any, rows: Iterable[Mapping[str, Any]], role: Role) -> list[dict[str, Any]]:
    """Rows with the subjects of their conversations."""
    rows = list(rows)
    about = inbox.rows(db, [row["conversation"] for row in rows if row["conversation"]])
    subjects = {row["conversation"]: row["subject"] for row in about}
    return [shown_complaint(row, subjects.get(row["conversation"], ""), role) for row in rows]


def moves(row: Mapping[str, Any], role: Role) -> list[str]:
    """What this role may do with it now and what would change anything."""
    return [name for name, command in COMMANDS.items() if _is_open(row, role, name, command)]


def _is_open(row: Mapping[str, Any], role: Role, name: str, command: type) -> bool:
    step = TABLE.get((row["phase"], command))
    made = name in DONE_BY and row[DONE_BY[name]] is not None
    return step is not None and role in step.may and step.move is not already and not made
