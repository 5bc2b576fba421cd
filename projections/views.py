"""The views file: how it is opened, which projections live in it and how far each has come, and what changed lately."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from projections.dialect import run
from projections.projection import Projection

KEPT_CHANGES = 10_000
"""How many positions back a socket can catch up; further back it reloads."""

metadata = MetaData()

projections = Table(
    "projections",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("incarnation", String, nullable=False),
)
"""How far the rows of each projection reach, written with the rows; `incarnation` is the log's (record rule 6)."""

poison = Table(
    "poison",
    metadata,
    Column("projection", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", String, nullable=False),
)
"""Events that a projection could not take in; shown, and taken again by a rebuild."""

changes = Table(
    "changes",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("conversation", String),
    Index("changes_by_stream", "stream"),
)

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


Readers: TypeAlias = Engine
"""Read-only connections to one views file."""


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


def open_lookup(path: Path) -> sqlite3.Connection:
    """One read-only connection for look-ups by an index that the event loop makes itself, each within some µs."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, cached_statements=256)


def prepare(connection: sqlite3.Connection, pages: Sequence[Projection], incarnation: str) -> None:
    """Tables for every projection; one of another version or incarnation starts again from nothing."""
    connection.execute("BEGIN IMMEDIATE")
    cursor = connection.cursor()
    for table in metadata.sorted_tables:
        create(cursor, table)
    for page in pages:
        if standing(cursor, page.name) != (page.version, incarnation):
            begin_anew(cursor, page, incarnation)
    connection.execute("COMMIT")


def standing(cursor: sqlite3.Cursor, name: str) -> tuple[int, str] | None:
    query = select(projections.c.version, projections.c.incarnation).where(projections.c.name == name)
    rows = run(cursor, query)
    return None if not rows else (rows[0][0], rows[0][1])


def begin_anew(cursor: sqlite3.Cursor, page: Projection, incarnation: str) -> None:
    for table in page.tables:
        cursor.execute(f"DROP TABLE IF EXISTS {table.name}")
        create(cursor, table, page.virtual.get(table, ()))
    cursor.execute("DELETE FROM poison WHERE projection = ?", (page.name,))
    cursor.execute("DELETE FROM changes")
    cursor.execute(
        "INSERT OR REPLACE INTO projections VALUES (?, ?, 0, ?)", (page.name, page.version, incarnation)
    )


def create(cursor: sqlite3.Cursor, table: Table, virtual: Sequence[str] = ()) -> None:
    for statement in virtual:
        cursor.execute(statement)
    run(cursor, CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        run(cursor, CreateIndex(index, if_not_exists=True))


def positions(cursor: sqlite3.Cursor) -> dict[str, int]:
    """How far each projection has come."""
    return dict(cursor.execute("SELECT name, position FROM projections").fetchall())


def position(connection: Connection) -> int:
    """The position that every answer on this connection has at least reached."""
    return int(connection.exec_driver_sql("SELECT coalesce(min(position), 0) FROM projections").scalar_one())


def incarnation(connection: Connection) -> str:
    """Of the log that the rows come from; clients that carry another reload."""
    return str(
        connection.exec_driver_sql("SELECT coalesce(max(incarnation), '') FROM projections").scalar_one()
    )


class Standing(NamedTuple):
    """How far the rows of one projection reach, and how many events it could not take in."""

    name: str
    position: int
    parked: int


def standings(connection: Connection) -> list[Standing]:
    """Of every projection, by name."""
    parked = select(func.count()).where(poison.c.projection == projections.c.name).scalar_subquery()
    query = select(projections.c.name, projections.c.position, parked).order_by(projections.c.name)
    return [Standing(*row) for row in connection.execute(query)]


def parked_events(connection: Connection) -> list[dict[str, Any]]:
    """What projections could not take in, newest first."""
    rows = connection.execute(select(poison).order_by(poison.c.position.desc()).limit(1000))
    return [dict(row) for row in rows.mappings()]


def changes_after(connection: Connection, after: int) -> list[dict[str, Any]] | None:
    """Each position after `after` with its stream, conversation and event name; None: too long ago, reload."""
    now = position(connection)
    if after > now or after < now - KEPT_CHANGES:
        return None
    rows = [dict(row) for row in connection.execute(since(after)).mappings()]
    return rows if len(rows) == now - after else None


def since(after: int) -> Any:
    return select(changes).where(changes.c.position > after).order_by(changes.c.position)
