"""The record on SQLite: append through the group committer, read beside it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from hub.app.ports import Answer, Recorded, Request
from hub.domain.ids import Position, StreamId
from infra.codec import Codec, KeyRing, StoredRow
from infra.db import open_writer, transaction
from infra.eventlog import tables
from infra.eventlog.committer import Committer
from infra.eventlog.drafting import sealing, with_keys
from infra.eventlog.news import News, followed
from infra.eventlog.order import Order, by_stretches, order_of
from infra.eventlog.paging import stream_of
from infra.eventlog.reading import Reading, page
from infra.eventlog.sqlite import SQLiteStore


def microseconds() -> int:
    """Now, since 1970, UTC."""
    return time.time_ns() // 1000


async def open_log(path: Path, ring: KeyRing, *, now: Callable[[], int] = microseconds) -> Log:
    """Open the log file, making it when new. Close it with `await log.close()`. Raises `UnsafeStore`."""
    store = await asyncio.to_thread(SQLiteStore, path, now)
    return Log(store, Reading(path), ring)


def renew_incarnation(path: Path) -> str:
    """After a restore: whoever followed the earlier log must start over (record rule 6). No hub may be running."""
    db, fresh = open_writer(path, durable=True), uuid4().hex
    try:
        with transaction(db):
            db.execute(tables.NEW_INCARNATION, (fresh,))
    finally:
        db.close()
    return fresh


class Log:
    """An `EventLog`. One per file and process."""

    def __init__(self, store: SQLiteStore, reading: Reading, ring: KeyRing) -> None:
        self.workspace: UUID = store.workspace
        self.codec = Codec(store.workspace, ring)
        self._incarnation = store.incarnation
        self._ring = ring
        self._reading = reading
        self._news = News()
        self._store = store
        self._committer = Committer(store, sealing(self.codec), self._news.tell)

    async def append(self, request: Request) -> Answer:
        return await with_keys(request, self._committer.commit, self._ring)

    async def read_stream(
        self, stream: StreamId, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Recorded]:
        return await stream_of(partial(self._page, tables.SELECT_STREAM, stream.hex), after, limit)

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """A page of large facts may be shorter than `limit`; only an empty one means the end."""
        return await self._page(tables.SELECT_ALL, after, limit)

    async def stored(self, *, after: int, limit: int) -> list[StoredRow]:
        """The same as it is stored, sealed: for the bus."""
        return await self._reading.ask(lambda db: page(db, tables.SELECT_ALL, after, limit))

    def opened(self, rows: Sequence[StoredRow]) -> list[Recorded]:
        """Facts from stored rows. Any thread may ask."""
        return [self.codec.open(row) for row in rows]

    async def beyond(self, position: int) -> None:
        """Return once something after `position` is known to be committed, or when it is time to look anyway."""
        await self._news.beyond(position)

    def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]:
        return followed(partial(self._page, tables.SELECT_ALL), self._news, after, limit)

    async def named(self, names: Collection[str]) -> Sequence[Recorded]:
        """Every fact with one of these names, in order."""
        wanted = orjson.dumps(list(names)).decode()

        def stretch(db: sqlite3.Connection, after: int, last: int) -> list[Recorded]:
            rows = db.execute(tables.SELECT_NAMED, (after, last, wanted)).fetchall()
            return [self.codec.open(row) for row in rows]

        return await by_stretches(
            lambda after, last: self._reading.ask(lambda db: stretch(db, after, last)), await self.head()
        )

    async def order(self) -> Order:
        """Whether positions and versions are gapless, as of one moment."""
        return await self._reading.ask(_order)

    async def head(self) -> Position:
        return Position(self._value(tables.SELECT_HEAD) or 0)

    async def version(self, stream: StreamId) -> int:
        return self._value(tables.SELECT_VERSION, stream.hex) or 0

    async def holder(self, key: bytes) -> StreamId | None:
        found = self._value(tables.SELECT_CLAIMS.format(keys="?"), key, column=1)
        return StreamId(UUID(found)) if found else None

    async def claims_of(self, stream: StreamId) -> Sequence[bytes]:
        """Every claim key that a stream holds: what its erasure has to release (record rule 19)."""
        rows = await self._reading.ask(
            lambda db: db.execute(tables.SELECT_CLAIMS_OF, (stream.hex,)).fetchall()
        )
        return [key for (key,) in rows]

    async def seen(self, key: bytes) -> Position | None:
        found = self._value(tables.SELECT_ONCE.format(keys="?"), key, column=1)
        return None if found is None else Position(found)

    async def mark(self, name: str) -> str | None:
        found: str | None = self._value(tables.SELECT_MARK, name)
        return found

    async def incarnation(self) -> str:
        """Random, new at each restore: a position means something only together with it."""
        return self._incarnation

    async def scrub(self) -> None:
        """After an erasure: released claims leave the write-ahead log too (record rule 21). Raises `StillBusy`."""
        self.codec.forget()
        await self._committer.between_batches(self._store.scrub)

    async def close(self) -> None:
        """The writer goes last: it alone may fold the write-ahead log back into its file (record rule 1)."""
        await asyncio.to_thread(self._reading.close)
        await self._committer.close()

    async def _page(self, statement: str, *values: object) -> list[Recorded]:
        return await self._reading.ask(
            lambda db: [self.codec.open(row) for row in page(db, statement, *values)]
        )

    def _value(self, statement: str, *values: object, column: int = 0) -> Any:
        row = self._reading.row(statement, *values)
        return row[column] if row else None


def _order(db: sqlite3.Connection) -> Order:
    db.execute("BEGIN")
    try:
        (head, _) = db.execute(tables.SELECT_HEAD).fetchone()
        return order_of(db.execute(tables.COUNT).fetchone(), head, db.execute(tables.BROKEN).fetchall())
    finally:
        db.execute("ROLLBACK")
