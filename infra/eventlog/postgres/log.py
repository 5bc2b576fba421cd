"""The record on PostgreSQL: append through the group committer, read beside it, hear of what other processes append."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg import Connection

from hub.app.ports import Answer, Recorded, Request
from hub.domain.ids import Position, StreamId
from infra.codec import Codec, KeyRing, StoredRow
from infra.db import UnsafeStore
from infra.eventlog.committer import Committer
from infra.eventlog.drafting import sealing, with_keys
from infra.eventlog.news import News, followed
from infra.eventlog.order import Order, by_stretches, order_of
from infra.eventlog.paging import stream_of
from infra.eventlog.postgres import statements
from infra.eventlog.postgres.connecting import PATIENCE, Line, connected, refuse_unsafe
from infra.eventlog.postgres.listening import listen
from infra.eventlog.postgres.reading import Reading, page
from infra.eventlog.postgres.rewriting import rewrite
from infra.eventlog.postgres.store import PostgresStore, settle
from infra.migrations import check_schema


class Identity(NamedTuple):
    incarnation: str
    workspace: UUID


async def open_postgres_log(
    url: str,
    ring: KeyRing,
    *,
    now: Callable[[], int] | None = None,
    patience: float = PATIENCE,
    is_durable: bool = True,
) -> PostgresLog:
    """Open the log in the schema `log`, making it when new. Close it with `await log.close()`.

    `now` gives µs since 1970, UTC; without it the server's clock is read under the lock. After `patience` seconds
    without a database, whoever waits is told (`LogAway`). Raises `UnsafeStore`; `is_durable` False is for tests alone.
    """
    line = Line(url, patience)
    identity = await asyncio.to_thread(_prepared, line, is_durable=is_durable)
    return PostgresLog(PostgresStore(line, now), Reading(url, patience), ring, identity, url)


def renew_postgres_incarnation(url: str) -> str:
    """After a restore: whoever followed the earlier log must start over (record rule 6). No hub may be running."""
    fresh = uuid4().hex
    with connected(url) as connection:
        connection.execute(statements.NEW_INCARNATION, (fresh,))
    return fresh


def create_tables(connection: Connection) -> None:
    """What is missing of the schema `log`; processes that start together take turns."""
    with connection.transaction():
        connection.execute(statements.ONE_AT_A_TIME)
        is_new = connection.execute("SELECT to_regclass('log.head') IS NULL").fetchone() == (True,)
        for statement in statements.CREATE:
            connection.execute(statement)
        if is_new:
            check_schema(connection, "log", is_new=True)


class PostgresLog:
    """An `EventLog`. One per process; any number of processes."""

    def __init__(
        self, store: PostgresStore, reading: Reading, ring: KeyRing, identity: Identity, url: str
    ) -> None:
        self._incarnation, self.workspace = identity
        self._url = url
        self.codec = Codec(self.workspace, ring)
        self._ring = ring
        self._reading = reading
        self._news = News()
        self._store = store
        self._committer = Committer(store, sealing(self.codec), self._news.tell, settle)
        self._listener = asyncio.create_task(listen(url, self._news.tell), name="log-listener")

    async def append(self, request: Request) -> Answer:
        return await with_keys(request, self._committer.commit, self._ring)

    async def read_stream(
        self, stream: StreamId, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Recorded]:
        return await stream_of(partial(self._page, statements.SELECT_STREAM, stream), after, limit)

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
        """A page of large facts may be shorter than `limit`; only an empty one means the end."""
        return await self._page(statements.SELECT_ALL, after, limit)

    async def stored(self, *, after: int, limit: int) -> list[StoredRow]:
        """The same as it is stored, sealed: for the bus."""
        return await self._reading.ask(lambda db: page(db, statements.SELECT_ALL, after, limit))

    def opened(self, rows: Sequence[StoredRow]) -> list[Recorded]:
        """Facts from stored rows. Any thread may ask."""
        return [self.codec.open(row) for row in rows]

    async def beyond(self, position: int) -> None:
        """Return once something after `position` is known to be committed, or when it is time to look anyway."""
        await self._news.beyond(position)

    def follow(self, *, after: int = 0, limit: int = 1000) -> AsyncIterator[Sequence[Recorded]]:
        return followed(partial(self._page, statements.SELECT_ALL), self._news, after, limit)

    async def named(self, names: Collection[str]) -> Sequence[Recorded]:
        """Every fact with one of these names, in order."""

        def stretch(db: Connection, after: int, last: int) -> list[Recorded]:
            rows = db.execute(statements.SELECT_NAMED, (after, last, list(names)), binary=True).fetchall()
            return [self.codec.open(row) for row in rows]

        return await by_stretches(
            lambda after, last: self._reading.ask(lambda db: stretch(db, after, last)), await self.head()
        )

    async def order(self) -> Order:
        """Whether positions and versions are gapless, as of one moment."""
        return await self._reading.ask(_order)

    async def head(self) -> Position:
        return Position(await self._reading.value(statements.SELECT_HEAD))

    async def version(self, stream: StreamId) -> int:
        return await self._reading.value(statements.SELECT_VERSION, stream) or 0

    async def holder(self, key: bytes) -> StreamId | None:
        found: UUID | None = await self._reading.value(statements.SELECT_CLAIM, key)
        return StreamId(found) if found else None

    async def claims_of(self, stream: StreamId) -> Sequence[bytes]:
        """Every claim key that a stream holds: what its erasure has to release (record rule 19)."""
        rows = await self._reading.ask(
            lambda db: db.execute(statements.SELECT_CLAIMS_OF, (stream,), binary=True).fetchall()
        )
        return [key for (key,) in rows]

    async def seen(self, key: bytes) -> Position | None:
        found: int | None = await self._reading.value(statements.SELECT_ONCE, key)
        return None if found is None else Position(found)

    async def mark(self, name: str) -> str | None:
        found: str | None = await self._reading.value(statements.SELECT_MARK, name)
        return found

    async def incarnation(self) -> str:
        """Random, new at each restore: a position means something only together with it."""
        return self._incarnation

    async def scrub(self) -> None:
        """After an erasure: released claims leave their table's file too (record rule 21)."""
        self.codec.forget()
        await asyncio.to_thread(rewrite, self._url, "log", ("claims",))

    async def close(self) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._committer.close()
        await asyncio.to_thread(self._reading.close)

    async def _page(self, statement: str, *values: object) -> list[Recorded]:
        return await self._reading.ask(
            lambda db: [self.codec.open(row) for row in page(db, statement, *values)]
        )


def _prepared(line: Line, *, is_durable: bool) -> Identity:
    connection = line.connection()
    if is_durable:
        refuse_unsafe(connection)
    is_there = connection.execute(statements.EXISTS).fetchone()
    if is_there != (True,):
        create_tables(connection)
    check_schema(connection, "log", is_new=False)
    (row,) = connection.execute(statements.SELECT_IDENTITY)
    identity = Identity(*row)
    if identity.incarnation.startswith(statements.COMING):
        raise UnsafeStore("The copy into this database was not finished. Run the same `amends copy` again.")
    return identity


def _order(db: Connection) -> Order:
    with db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        (head,) = db.execute(statements.SELECT_HEAD).fetchone() or (0,)
        counted = db.execute(statements.COUNT).fetchone() or (0, 1, 0)
        return order_of(counted, head, db.execute(statements.BROKEN).fetchall())
