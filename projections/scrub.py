"""Scrubbing the views: after rows were blanked, no byte of the file still holds what they said (record rule 21)."""

from __future__ import annotations

import sqlite3
from typing import Final

CHECKPOINTS: Final = 50
"""How often a busy checkpoint is tried, each waiting as long as the connection's busy time-out."""

FULL_TEXT: Final = ("search_words",)
"""FTS5 tables: their segments keep deleted words until they are merged away."""


class Blocked(Exception):
    """A reader kept the write-ahead log busy; scrubbing has to be tried again."""


def scrub(connection: sqlite3.Connection) -> None:
    """Merge old full-text segments, rewrite the file, then move the write-ahead log into it and empty it. Raises `Blocked`.

    `secure_delete` overwrites what is deleted, but not the copies that stay where pages were split or merged:
    up to 1.5 % of the rows were still to be found, after VACUUM none (ADR 0011). A table that is joined by rowid
    must name it (INTEGER PRIMARY KEY): VACUUM numbers the others anew.
    """
    for table in FULL_TEXT:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608 - a name of ours
    connection.execute("PRAGMA temp_store = FILE")  # a large file need not fit into memory
    connection.execute("VACUUM")
    connection.execute("PRAGMA temp_store = MEMORY")
    truncate(connection)


def truncate(connection: sqlite3.Connection) -> None:
    for _ in range(CHECKPOINTS):
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
    raise Blocked("a reader of the views file held on too long")
