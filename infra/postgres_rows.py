"""Rows in a schema of PostgreSQL: one connection that comes back by itself, small transactions grouped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import Connection, Cursor, errors

from hub.app.ports import LogPaused, TablesAway
from infra.eventlog.postgres import rewriting
from infra.eventlog.postgres.connecting import (
    IMPATIENT,
    PASSING,
    READING,
    WRITING,
    Line,
    is_lost,
    refuse_unsafe,
)
from infra.migrations import MIGRATIONS, check_schema
from infra.rows import Database
from infra.together import Together

R = TypeVar("R")
Step = Callable[[Database], R]

PATIENCE: Final = 10.0
"""Seconds that the database may be away before those who wait are told."""
TRIES: Final = 3
"""How often a transaction whose connection broke before its commit is tried."""
IN_THE_WAY: Final = (errors.DeadlockDetected, errors.SerializationFailure)
"""Two processes that locked the same rows in another order; PostgreSQL gave one of them up, with nothing done."""
ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('amends tables'))"
AT_ONCE: Final = "SET statement_timeout = '2s'"
UNCERTAIN: Final = (
    "The database was lost during a commit ({why}); nobody knows whether it is done. Look, and try again."
)


class Asked:
    """A connection that understands statements with `?`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._connection.execute(_translated(sql), values)

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> None:
        self._connection.cursor().executemany(_translated(sql), values)


class PostgresRows:
    """`Rows` over the schema `schema` of the database at `url`; `tables` makes what is missing of it.

    Raises `TablesAway` when the database stays away, or is lost during a commit. `is_durable` False is for tests alone.
    """

    def __init__(
        self,
        url: str,
        schema: LiteralString,
        tables: LiteralString,
        *,
        is_durable: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self.schema: LiteralString = schema
        self._url = url
        self._line = Line(url, patience, f"{WRITING}; SET search_path = {schema}")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"write-{schema}")
        self._thread.submit(self._prepare, tables, is_durable).result()
        self._together: Together[Step[Any], Any] = Together(self._commit, self._thread)

    async def do(self, step: Step[R]) -> R:
        answer: R = await self._together(step)
        return answer

    def do_now(self, step: Step[R]) -> R:
        answer = self._thread.submit(self._commit, [step]).result()[0]
        if isinstance(answer, Exception):
            raise answer
        result: R = answer
        return result

    async def scrub(self, *, rewrite: bool = True) -> None:
        """Every table is written anew. The server's write-ahead log keeps old pages until it is recycled. Raises `StillBusy`."""
        await asyncio.to_thread(rewriting.rewrite, self._url, self.schema)

    def close(self) -> None:
        self._thread.submit(self._line.drop).result()
        self._thread.shutdown()

    def _prepare(self, tables: LiteralString, is_durable: bool) -> None:
        connection = self._connection()
        if is_durable:
            refuse_unsafe(connection)
        with connection.transaction():
            connection.execute(ONE_AT_A_TIME)
            found = connection.execute("SELECT to_regnamespace(%s) IS NULL", (self.schema,)).fetchone()
            is_new, is_numbered = found == (True,), self.schema in MIGRATIONS
            if is_numbered and not is_new:
                check_schema(connection, self.schema, is_new=False)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
            connection.execute(tables)
            rewriting.keep_no_samples(connection, self.schema)
            if is_numbered:
                check_schema(connection, self.schema, is_new=is_new)

    def _connection(self) -> Connection:
        try:
            return self._line.connection()
        except LogPaused as away:
            raise TablesAway(str(away)) from away

    def _commit(self, steps: list[Step[Any]]) -> list[Any]:
        """All together; where that stands in another process's way, one after the other."""
        for tries in range(1, TRIES + 1):
            try:
                return self._tried(steps)
            except IN_THE_WAY as clash:
                self._connection().execute("ROLLBACK")
                if len(steps) > 1:
                    return [answer for step in steps for answer in self._commit([step])]
                if tries == TRIES:
                    raise TablesAway(str(clash)) from clash
            except psycopg.Error as trouble:
                if not is_lost(trouble):
                    self._connection().execute("ROLLBACK")
                    raise _told(trouble) from trouble
                self._line.drop()
                if tries == TRIES:
                    raise TablesAway(str(trouble)) from trouble
        raise AssertionError("the last try returns or raises")

    def _tried(self, steps: list[Step[Any]]) -> list[Any]:
        """Raises `psycopg.Error` while nothing is committed for certain."""
        connection = self._connection()
        connection.execute("BEGIN")
        answers = [_one(connection, step) for step in steps]
        try:
            connection.execute("COMMIT")
        except psycopg.Error as lost:
            if not is_lost(lost):
                raise
            self._line.drop()
            raise TablesAway(UNCERTAIN.format(why=lost)) from lost
        return answers


class PostgresReader:
    """One read-only connection behind a lock, for single rows; it comes back by itself."""

    def __init__(self, url: str, schema: LiteralString, patience: float = PATIENCE) -> None:
        self._line = Line(url, patience, f"{READING}; {AT_ONCE}; SET search_path = {schema}", IMPATIENT)
        self._lock = Lock()

    def row(self, sql: str, *values: object) -> Any:
        """The first row, or None. Raises `TablesAway`."""
        with self._lock:
            for _ in range(TRIES):
                try:
                    return Asked(self._line.connection()).execute(sql, values).fetchone()
                except LogPaused as away:
                    raise TablesAway(str(away)) from away
                except psycopg.Error as trouble:
                    if not is_lost(trouble):
                        raise _told(trouble) from trouble
                    self._line.drop()
        raise TablesAway("The database drops every connection. Check it.")

    def close(self) -> None:
        with self._lock:
            self._line.drop()


def _one(connection: Connection, step: Step[Any]) -> Any:
    """Its answer, or what it raised, with everything it did undone. Raises what ends the whole transaction."""
    connection.execute("SAVEPOINT step")
    try:
        answer = step(Asked(connection))
    except Exception as failure:
        if isinstance(failure, psycopg.Error) and (is_lost(failure) or _passes(failure)):
            raise
        connection.execute("ROLLBACK TO step")
        answer = failure
    connection.execute("RELEASE step")
    return answer


def _passes(trouble: psycopg.Error) -> bool:
    """Nobody's fault: a full disk, another's lock, a standby that took over."""
    return isinstance(trouble, IN_THE_WAY) or type(trouble) in PASSING


def _told(trouble: psycopg.Error) -> Exception:
    return TablesAway(str(PASSING[type(trouble)])) if type(trouble) in PASSING else trouble


@cache
def _translated(sql: str) -> LiteralString:
    """Our own statements, a few dozen: none holds a `%`, nor a `?` but for a value."""
    return sql.replace("?", "%s")
