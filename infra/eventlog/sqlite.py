"""The log in one SQLite file, as its one writer sees it (record rules 1, 6, 8)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID, uuid4

from hub.app.ports import LogStopped
from hub.domain.ids import Position, StreamId
from infra.codec import stamp
from infra.codec.envelopes import nonce_of
from infra.db import open_writer
from infra.eventlog import tables
from infra.eventlog.batch import Draft, Outcome, Row, Standing, nonces, places
from infra.eventlog.stopped import LogBusy, LogFull, LogPaused
from infra.migrations import check_file
from infra.owned import empty_wal

MOST_VERSIONS: Final = 200_000
SCRUB_SECONDS: Final = 10.0
CHUNKS: Final = (64, 16, 4, 1)
V = TypeVar("V")


class SQLiteStore:
    """A `Store`. `now` gives µs since 1970, UTC. Only one thread may use it at a time."""

    def __init__(self, path: Path, now: Callable[[], int]) -> None:
        self.path = path
        self._db = open_writer(path, durable=True)
        self._now = now
        self._versions: dict[StreamId, int] = {}
        self._position = 0
        self._recorded_at = 0
        self._pending: dict[StreamId, int] = {}
        prepare(self._db, path)
        incarnation, workspace = self._db.execute(tables.SELECT_IDENTITY).fetchone()
        self.incarnation: str = incarnation
        self.workspace = UUID(workspace)

    def begin(self) -> None:
        with _stopping():
            self._db.execute("BEGIN IMMEDIATE")
            position, self._recorded_at = self._db.execute(tables.SELECT_HEAD).fetchone()
        if position != self._position:  # first time, or somebody else wrote: what we remember may be stale
            self._versions.clear()
            self._position = position

    def load(self, drafts: Sequence[Draft]) -> Standing:
        requests = [draft.request for draft in drafts]
        with _stopping():
            return Standing(
                position=self._position,
                versions=self._load_versions(
                    {write.stream for request in requests for write in request.writes}
                ),
                once=self._load_once({key for request in requests for key in request.once}),
                claims=self._load_claims({claim.key for request in requests for claim in request.claims}),
                marks=self._load_marks({mark.name for request in requests for mark in request.marks}),
            )

    def write(self, outcome: Outcome) -> None:
        self._recorded_at = max(self._now(), self._recorded_at)
        with _stopping():
            insert(self._db, tables.INSERT_EVENTS, stamped(outcome.rows, stamp(self._recorded_at)), 5)
            insert(self._db, tables.INSERT_ONCE, outcome.once.items(), 2)
            self._write_claims(outcome.claims)
            self._db.executemany(tables.PUT_MARK, outcome.marks.items())
            self._db.execute(tables.MOVE_HEAD, (outcome.position, self._recorded_at))
        self._pending = outcome.versions
        self._position = outcome.position

    def commit(self) -> None:
        with _stopping():
            self._db.execute("COMMIT")
        if len(self._versions) > MOST_VERSIONS:
            self._versions.clear()
        self._versions.update(self._pending)
        self._pending = {}

    def roll_back(self) -> None:
        self._pending, self._position = {}, -1
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            return  # the transaction is over either way; the reason was raised before

    def positions(self, draft: Draft) -> tuple[Position, ...]:
        rows = [
            self._db.execute(tables.SELECT_ONE, (stream.hex, version)).fetchone()
            for stream, version in places(draft)
        ]
        mine = all(row and nonce_of(row[1]) == nonce for row, nonce in zip(rows, nonces(draft), strict=True))
        return tuple(Position(row[0]) for row in rows) if mine else ()

    def scrub(self) -> None:
        """Nothing that was deleted is left in the write-ahead log. Raises `StillBusy`."""
        empty_wal(self._db, self.path, seconds=SCRUB_SECONDS)

    def close(self) -> None:
        self._db.close()

    def _load_versions(self, streams: set[StreamId]) -> dict[StreamId, int]:
        known, unknown = self._versions, [stream.hex for stream in streams if stream not in self._versions]
        if unknown:
            for digits, version in self._db.execute(tables.SELECT_VERSIONS, (json.dumps(unknown),)):
                known[StreamId(UUID(digits))] = version or 0
        return {stream: known[stream] for stream in streams}

    def _load_once(self, keys: set[bytes]) -> dict[bytes, int]:
        return dict(self._by_keys(tables.SELECT_ONCE, keys))

    def _load_claims(self, keys: set[bytes]) -> dict[bytes, StreamId]:
        rows: Iterator[tuple[bytes, str]] = self._by_keys(tables.SELECT_CLAIMS, keys)
        return {key: StreamId(UUID(digits)) for key, digits in rows}

    def _load_marks(self, names: set[str]) -> dict[str, str]:
        return dict(self._db.execute(tables.SELECT_MARKS, (json.dumps(list(names)),))) if names else {}

    def _by_keys(self, statement: str, keys: set[bytes]) -> Iterator[tuple[bytes, V]]:
        """In chunks of a few fixed sizes, so that few statements are ever prepared."""
        for chunk in chunked(list(keys)):
            yield from self._db.execute(statement.format(keys=",".join("?" * len(chunk))), chunk)

    def _write_claims(self, claims: dict[bytes, StreamId | None]) -> None:
        self._db.executemany(
            tables.PUT_CLAIM, [(key, stream.hex) for key, stream in claims.items() if stream]
        )
        self._db.executemany(tables.DROP_CLAIM, [(key,) for key, stream in claims.items() if not stream])


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make what is missing. Raises `UnsafeStore` for a file of another version."""
    is_new = db.execute(tables.ANYTHING).fetchone() is None
    try:
        if not is_new:
            check_file(db, "log", path, is_new=False)
        create_tables(db)
        check_file(db, "log", path, is_new=is_new)
    except BaseException:
        db.close()
        raise


def create_tables(db: sqlite3.Connection) -> None:
    for statement in tables.ALL:
        db.execute(statement)
    db.execute(tables.CREATE_HEAD, (uuid4().hex, uuid4().hex))


def stamped(rows: Iterable[Row], stamp: bytes) -> list[tuple[int, str, int, str, bytes]]:
    return [(row.position, row.stream.hex, row.version, row.name, stamp + row.rest) for row in rows]


def insert(db: sqlite3.Connection, into: str, rows: Iterable[tuple[object, ...]], width: int) -> None:
    """Many rows by one statement: each statement gives the interpreter lock away once, not once per row."""
    for chunk in chunked(list(rows)):
        db.execute(_insert(into, len(chunk), width), [value for row in chunk for value in row])


def chunked(values: list[V]) -> Iterator[list[V]]:
    begin = 0
    for size in CHUNKS:
        while len(values) - begin >= size:
            yield values[begin : begin + size]
            begin += size


@cache
def _insert(into: str, rows: int, width: int) -> str:
    return into + ",".join([f"({','.join('?' * width)})"] * rows)


class _stopping:  # noqa: N801 - reads as a verb where it is used
    """SQLite's errors in the log's words."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise stopped_by(error) from error


PASSING: Final[dict[int, LogPaused]] = {
    sqlite3.SQLITE_FULL: LogFull("The disk is full. Free some space; the log then goes on by itself."),
    sqlite3.SQLITE_IOERR_SHMSIZE: LogFull(
        "The disk is full. Free some space; the log then goes on by itself."
    ),
    sqlite3.SQLITE_BUSY: LogBusy(
        "Another program holds the log's write lock. End it; the log then goes on by itself."
    ),
}


def stopped_by(error: sqlite3.Error) -> LogStopped:
    """Some troubles pass; after any other the file may not hold what we think, so the log stops for good."""
    passing = PASSING.get(getattr(error, "sqlite_errorcode", 0))
    if passing:
        return type(passing)(*passing.args)
    return LogStopped(f"The log can't be written any more ({error}). Check the disk, then start again.")
