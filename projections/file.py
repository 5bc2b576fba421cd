"""Views in a file of their own, as SQLite keeps it (record rules 1 and 21)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from projections.book import Book, opened
from projections.dialect import Cursor, SQLiteCursor
from projections.projection import Projection

MARKED = "-of"
"""Suffix of the note that says which run of which machine a candidate belongs to."""

PRAGMAS = ("secure_delete=ON", "cache_size=-32000", "temp_store=MEMORY", "busy_timeout=5000")


def open_writer(path: Path, *, bulk: bool = False) -> sqlite3.Connection:
    """The one read-write connection (record rule 1).

    `bulk`: a file being built anew. It outlives its process, which is enough: after a power cut it is built from nothing.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=" + ("OFF" if bulk else "NORMAL"))
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    path.chmod(0o600)
    return connection


def candidate(path: Path) -> Path:
    """Where the next version of a views file is built."""
    return path.with_suffix(".next")


def remove(path: Path) -> None:
    """The file and all that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", MARKED):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_reader(path: Path, *, size: int = 4) -> Engine:
    """Read-only connections for the questions; each transaction sees one moment."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        ),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=size,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


@dataclass(frozen=True, slots=True)
class FileLookup:
    """A `Lookup` that the event loop makes itself: some µs each, less than handing it to a thread."""

    connection: sqlite3.Connection

    async def rows(self, statement: Any, values: Mapping[str, Any]) -> list[Any]:
        return SQLiteCursor(self.connection.cursor()).run(statement, values)

    async def close(self) -> None:
        self.connection.close()


def open_lookup(path: Path) -> FileLookup:
    """On one read-only connection."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return FileLookup(sqlite3.connect(uri, uri=True, isolation_level=None, cached_statements=256))


@dataclass(frozen=True, slots=True)
class File:
    """A `Store`. One per file and process; used by one thread at a time."""

    path: Path
    connection: sqlite3.Connection

    def begin(self) -> Cursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return SQLiteCursor(cursor)

    def commit(self, position: int) -> None:
        self.connection.execute("COMMIT")

    def roll_back(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()


def open_book(path: Path, pages: Sequence[Projection], incarnation: str, *, bulk: bool = False) -> Book[File]:
    """Open or make the file."""
    return opened(File(path, open_writer(path, bulk=bulk)), pages, incarnation, bulk=bulk)
