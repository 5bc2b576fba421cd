"""Building shared views anew while the old ones serve: into a schema of their own, up to the head, then in by one transaction."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from psycopg import Connection, OperationalError, errors
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy import Column, Table

from projections.book import Book
from projections.postgres.scrub import ALONE, at, put, said
from projections.postgres.store import ITS_WRITER, Database, Schema, open_shared
from projections.postgres.views import SharedViews
from projections.projection import Projection
from projections.rebuild import SAMPLE, AlreadyBuilding, Rebuilt, begun, catch_up, chosen_of, comparable

SWITCHING: Final = """SET lock_timeout = '2s'; SET statement_timeout = '10min'; SET client_min_messages = warning;
    SET idle_in_transaction_session_timeout = '60s'"""
"""Readers queue behind whoever waits to switch, so it never waits long, and tries again; nor do they wait for one that stands still."""
COUNTING: Final = "SET idle_session_timeout = '10min'"
"""A candidate says nothing while the rows of large views are counted."""
PAUSE_S: Final = 1.0

BEGIN_ANEW: Final = f"SELECT pg_terminate_backend(pid) {ITS_WRITER}"
"""Whoever writes the views remembers rows that are being replaced. It comes back with an empty memory, and waits for the new ones.
Asked for before the commit, so that nobody writes from an old memory even if this process dies right after it."""


async def rebuild_shared(shared: SharedViews, fresh: Sequence[Projection], *names: str) -> Rebuilt:
    """As `projections.rebuild.rebuild`, for all processes. Raises `NoSuchView`, `AlreadyBuilding`."""
    chosen = chosen_of(fresh, names)
    async with shared.building:
        with ThreadPoolExecutor(1, "rebuild") as thread:
            return await Candidate(shared, chosen, thread).built()


@dataclasses.dataclass(slots=True)
class Candidate:
    """The next version of some views. What a killed process left of it is gone on with."""

    shared: SharedViews
    pages: tuple[Projection, ...]
    thread: ThreadPoolExecutor

    async def built(self) -> Rebuilt:
        shared, next_one = self.shared, self.shared.database.next()
        book = await self._do(open_shared, next_one, self.pages, shared.incarnation, bulk=True)
        if book is None:
            raise AlreadyBuilding("Another process builds views anew just now. Wait for it, then try again.")
        resumed_at = book.position
        try:
            shared.rebuilding = begun(shared, book)
            await catch_up(shared, book, shared.position, self._do)
            done = await self._switched(book)
            return dataclasses.replace(done, resumed_at=resumed_at)
        finally:
            shared.rebuilding = None
            await self._do(book.close)

    async def _do(self, work: Any, *given: Any, **named: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, lambda: work(*given, **named))

    async def _switched(self, book: Book[Schema]) -> Rebuilt:
        """Raises what the last of some tries raised."""
        await self._do(book.store.connection.execute, COUNTING)
        while True:
            try:
                async with self._connected() as connection:
                    return await self._switch(connection, book)
            except errors.LockNotAvailable:
                await asyncio.sleep(PAUSE_S)
                await self._do(book.store.connection.execute, "SELECT 1")  # still here
                await catch_up(self.shared, book, self.shared.position, self._do)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        """Used and closed in the thread alone; when a rebuild is cancelled, so is what it waits for there."""
        connection = await self._do(self.shared.database.connected, SWITCHING)
        try:
            yield connection
        except asyncio.CancelledError:
            with suppress(OperationalError):
                await asyncio.to_thread(connection.cancel_safe)
            raise
        finally:
            await self._do(connection.close)

    async def _switch(self, connection: Connection, book: Book[Schema]) -> Rebuilt:
        here, there = self.shared.database, self.shared.database.next()
        tables = [table for page in self.pages for table in page.tables]
        before = await self._do(counted, connection, here, tables)
        await self._do(connection.execute, "BEGIN")
        await self._do(connection.execute, ALONE)
        row = (await self._do(connection.execute, "SELECT min(position) FROM projections")).fetchone()
        await catch_up(self.shared, book, row[0], self._do)
        sampled, differing = await self._do(compared, connection, here, there, tables)
        await self._do(moved, connection, here, there, self.pages)
        await self._do(connection.execute, BEGIN_ANEW, (here.schema,))
        await self._do(connection.execute, "COMMIT")
        names = tuple(page.name for page in self.pages)
        after = await self._do(counted, connection, here, tables)
        return Rebuilt(
            names=names, position=row[0], before=before, after=after, sampled=sampled, differing=differing
        )


def moved(connection: Connection, here: Database, there: Database, pages: Sequence[Projection]) -> None:
    """The new tables take the places of the old ones, and what goes with them."""
    for page in pages:
        for table in page.tables:
            put(connection, there, here, table.name)
        for name, of in (("projections", "name"), ("poison", "projection")):
            mine = SQL("{} = {}").format(Identifier(of), page.name)
            said(connection, "DELETE FROM {} WHERE {}", at(here, name), mine)
            said(
                connection, "INSERT INTO {} SELECT * FROM {} WHERE {}", at(here, name), at(there, name), mine
            )
    said(connection, "DROP SCHEMA {} CASCADE", Identifier(there.schema))


def compared(
    connection: Connection, here: Database, there: Database, tables: Sequence[Table]
) -> tuple[int, dict[str, int]]:
    """Some rows of each new table, looked up in the old one: how many, and how many are not there, by table."""
    sampled, differing = 0, dict[str, int]()
    for table in tables:
        key, shown = named(table.primary_key), named(comparable(table))
        parts = {"old": at(here, table.name), "new": at(there, table.name), "key": key, "shown": shown}
        count, missing = connection.execute(COMPARED.format(**parts, most=SAMPLE)).fetchone() or (0, 0)
        sampled += count
        differing |= {table.name: missing} if missing else {}
    return sampled, differing


COMPARED: Final = SQL("""
    WITH fresh AS (SELECT * FROM {new} ORDER BY {key} DESC LIMIT {most}),
        known AS (SELECT {shown} FROM {old} WHERE ({key}) IN (SELECT {key} FROM fresh))
    SELECT (SELECT count(*) FROM fresh), count(*) FROM (SELECT {shown} FROM fresh EXCEPT SELECT * FROM known) AS missing
""")


def named(columns: Iterable[Column[Any]]) -> Composable:
    return SQL(", ").join(Identifier(column.name) for column in columns)


def counted(connection: Connection, database: Database, tables: Sequence[Table]) -> dict[str, int]:
    return {
        table.name: said(connection, "SELECT count(*) FROM {}", at(database, table.name)).fetchone()[0]
        for table in tables
    }
