"""SQLAlchemy statements on the driver's own cursor: compiled once, without the library's per-row work."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy.dialects import sqlite

SQLITE = sqlite.dialect()


def run(cursor: sqlite3.Cursor, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
    """Execute one statement of Core or DDL; rows as the driver gives them."""
    text, names, given = compiled(statement)
    named = {**given, **(values or {})}
    return cursor.execute(text, [named[name] for name in names]).fetchall()


@lru_cache(maxsize=256)
def compiled(statement: Any) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """SQL, the names of its parameters in order, and the values known already."""
    done = statement.compile(dialect=SQLITE, compile_kwargs={"render_postcompile": True})
    return (
        str(done),
        tuple(getattr(done, "positiontup", None) or ()),
        dict(getattr(done, "params", None) or {}),
    )
