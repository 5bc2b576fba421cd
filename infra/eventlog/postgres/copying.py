"""A record moves from its file into PostgreSQL: the same positions, versions and bytes, resumable, verified at the end.

Until it has arrived whole, the incarnation says that it is on its way, and no hub opens it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection

from infra.db import open_reader
from infra.eventlog import tables
from infra.eventlog.postgres import statements
from infra.eventlog.postgres.connecting import connected, refuse_unsafe
from infra.eventlog.postgres.log import create_tables

PAGE: Final = 2_000
"""Events in one transaction; a copy that was cut short goes on after the last one."""

Tell = Callable[[int, int], object]
"""(events that are there, events in all)."""

STORED: Final = f"{tables.SELECT_ALL}"
TARGET_PAGE: Final = """SELECT notification_id, encode(uuid_send(originator_id), 'hex'), originator_version, topic, state
    FROM log.stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT %s"""
LAST: Final = """SELECT originator_id, originator_version, topic, state FROM log.stored_events
    WHERE notification_id = %s"""
COPY_EVENTS: Final = "COPY log.stored_events (notification_id, originator_id, originator_version, topic, state) FROM STDIN BINARY"
EVENT_TYPES: Final = ("int8", "uuid", "int8", "text", "bytea")


class CopyProblem(ValueError):
    """Nothing was spoilt; the message says what to do."""


class Side(NamedTuple):
    """A table beside the events: how it is read there, how it is read here, and how it is filled."""

    source: str
    target: LiteralString
    fill: LiteralString
    types: tuple[str, ...]


SIDES: Final = (
    Side(
        "SELECT key, position FROM once ORDER BY key",
        "SELECT key, position FROM log.once ORDER BY key",
        "COPY log.once (key, position) FROM STDIN BINARY",
        ("bytea", "int8"),
    ),
    Side(
        "SELECT key, stream FROM claims ORDER BY key",
        "SELECT key, encode(uuid_send(stream), 'hex') FROM log.claims ORDER BY key",
        "COPY log.claims (key, stream) FROM STDIN BINARY",
        ("bytea", "uuid"),
    ),
    Side(
        "SELECT name, value FROM marks ORDER BY name",
        """SELECT name, value FROM log.marks ORDER BY name COLLATE "C" """,
        "COPY log.marks (name, value) FROM STDIN BINARY",
        ("text", "text"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """`resumed_at`: the position that an earlier copy had reached, or 0. `digest`: SHA-256 of everything, equal on both sides."""

    events: int
    resumed_at: int
    once: int
    claims: int
    marks: int
    digest: str


class Identity(NamedTuple):
    incarnation: str
    workspace: str
    position: int
    recorded_at: int


def copy_log(
    source: Path,
    url: str,
    tell: Tell = lambda there, all_: None,
    also: Callable[[], object] = lambda: None,
) -> Copied:
    """Bring the record in the file `source` into the database at `url`. No hub may run on either. Raises `CopyProblem`.

    `also` brings what belongs to it, before the record counts as being there. Raises also `UnsafeStore` and
    `psycopg.OperationalError`. Called again after it was cut short, it goes on.
    """
    with closing(open_reader(source)) as here, closing(connected(url)) as there:
        refuse_unsafe(there)
        create_tables(there)
        whole = Identity(
            *here.execute("SELECT incarnation, workspace, position, recorded_at FROM head").fetchone()
        )
        resumed_at = _claimed(there, whole)
        _check_last(here, there, resumed_at)
        also()
        for position in _events(here, there, resumed_at):
            tell(position, whole.position)
        counts = _sides(here, there)
        digest = _verified(here, there)
        there.execute(
            "UPDATE log.head SET incarnation = %s, recorded_at = %s, revision = revision + 1",
            (whole.incarnation, whole.recorded_at),
        )
        return Copied(events=whole.position, resumed_at=resumed_at, digest=digest, **counts)


def _claimed(there: Connection, whole: Identity) -> int:
    """Where an earlier copy of this record stopped; an empty log becomes this one's. Raises `CopyProblem`."""
    marked = statements.COMING + whole.incarnation
    with there.transaction():
        row = there.execute("SELECT incarnation, position, revision FROM log.head FOR UPDATE").fetchone()
        incarnation, position, revision = row or ("", 0, 0)
        if incarnation == marked:
            return int(position)
        if incarnation == whole.incarnation:
            raise CopyProblem("This record is in the database already, whole: there is nothing left to copy.")
        if position or revision:
            raise CopyProblem("The database holds another record already. Name an empty one.")
        there.execute("UPDATE log.head SET incarnation = %s, workspace = %s", (marked, UUID(whole.workspace)))
    return 0


def _check_last(here: sqlite3.Connection, there: Connection, position: int) -> None:
    if not position:
        return
    (row,) = here.execute(tables.SELECT_ALL, (position - 1, 1)).fetchall()
    found = there.execute(LAST, (position,)).fetchone()
    if found is None or (found[0].hex, *found[1:]) != tuple(row[1:]):
        raise CopyProblem("The database holds the beginning of another record. Name an empty one.")


def _events(here: sqlite3.Connection, there: Connection, position: int) -> Iterator[int]:
    """Page by page, the head with each page."""
    while page := here.execute(STORED, (position, PAGE)).fetchall():
        position = page[-1][0]
        with there.transaction():
            _fill(there, COPY_EVENTS, EVENT_TYPES, page)
            there.execute("UPDATE log.head SET position = %s, revision = revision + 1", (position,))
        yield position


def _sides(here: sqlite3.Connection, there: Connection) -> dict[str, int]:
    with there.transaction():
        there.execute("TRUNCATE log.once, log.claims, log.marks")
        counts = [_fill(there, one.fill, one.types, here.execute(one.source)) for one in SIDES]
    return dict(zip(("once", "claims", "marks"), counts, strict=True))


def _fill(
    there: Connection, statement: LiteralString, types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    count = 0
    with there.cursor().copy(statement) as copy:
        copy.set_types(types)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
            copy.write_row(
                [UUID(value) if kind == "uuid" else value for kind, value in zip(types, row, strict=True)]
            )
    return count


def _verified(here: sqlite3.Connection, there: Connection) -> str:
    """Both sides read to their ends and compared, everything in order. Raises `CopyProblem`."""
    source, target = _digest(_read_here(here)), _digest(_read_there(there))
    if source != target:
        raise CopyProblem("The copy differs from its source. Empty the database, then copy again.")
    return source


def _read_here(here: sqlite3.Connection) -> Iterator[Sequence[object]]:
    position = 0
    while page := here.execute(STORED, (position, PAGE)).fetchall():
        yield from page
        position = page[-1][0]
    for side in SIDES:
        yield from here.execute(side.source)


def _read_there(there: Connection) -> Iterator[Sequence[object]]:
    position = 0
    while page := there.execute(TARGET_PAGE, (position, PAGE), binary=True).fetchall():
        yield from page
        position = page[-1][0]
    for side in SIDES:
        yield from there.execute(side.target, binary=True)


def _digest(rows: Iterable[Sequence[object]]) -> str:
    """Each value with its length, so that no two records give the same text."""
    digest = hashlib.sha256()
    for row in rows:
        for value in row:
            data = value if isinstance(value, bytes) else str(value).encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
