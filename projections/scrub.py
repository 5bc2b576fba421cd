"""Scrubbing the views: after rows were blanked, no byte of the file still holds what they said (record rule 21)."""

from __future__ import annotations

import sqlite3
from typing import Final

FULL_TEXT: Final = ("search_words",)
"""FTS5 tables: their segments keep deleted words until they are merged away."""

STEP: Final = 400
"""Pages of the index merged in one go, so that live pages are written in between."""

TRIES: Final = 50
"""How often a busy checkpoint is tried, each waiting for the connection's busy time-out; a reader holds on for 2 s at most."""


class Blocked(Exception):
    """A reader kept the write-ahead log busy; scrubbing has to be tried again."""


def begin_merging(connection: sqlite3.Connection) -> None:
    """All segments of each index are to become one."""
    for table in full_text(connection):
        merge(connection, table, -STEP)


def merged_more(connection: sqlite3.Connection) -> bool:
    """One step; whether it changed anything (SQLite's own measure: at least two rows)."""
    before = connection.total_changes
    for table in full_text(connection):
        merge(connection, table, STEP)
    return connection.total_changes - before >= 2


def full_text(connection: sqlite3.Connection) -> list[str]:
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [table for table in FULL_TEXT if table in known]


def merge(connection: sqlite3.Connection, table: str, pages: int) -> None:
    connection.execute(f"INSERT INTO {table}({table}, rank) VALUES ('merge', ?)", (pages,))  # noqa: S608 - a name of ours


def truncated(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and empty it; False while a reader is in the way."""
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def scrub(connection: sqlite3.Connection) -> None:
    """All of it in one go, where nothing else is going on. Raises `Blocked`."""
    begin_merging(connection)
    while merged_more(connection):
        pass
    if not any(truncated(connection) for _ in range(TRIES)):
        raise Blocked("a reader of the views file held on too long")
