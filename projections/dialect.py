"""SQLAlchemy statements on the driver's own cursor: compiled once per shape, without the library's per-row work."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import sqlite

SQLITE = sqlite.dialect()


def run(cursor: sqlite3.Cursor, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
    """Execute one statement of Core or DDL; rows as the driver gives them."""
    text = statement.compile(dialect=SQLITE)
    known: Mapping[str, Any] = getattr(text, "params", None) or {}
    named = {**known, **(values or {})}
    return cursor.execute(
        str(text), [named[name] for name in getattr(text, "positiontup", None) or ()]
    ).fetchall()
