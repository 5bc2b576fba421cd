"""The schema of some views as their one writer sees it: who writes holds a lock of the very connection that writes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection as SQLConnection

from projections.book import Book, opened
from projections.dialect import Cursor
from projections.postgres.cursor import PostgresCursor
from projections.projection import Projection

NEXT: Final = "_next"
"""Suffix of the schema in which the next version of some views is built."""
SILENCE_S: Final = 15
"""A writer that says nothing for so long is cut off by the server, and another process takes over."""
WRITING: Final = f"""SET synchronous_commit = off; SET idle_session_timeout = '{SILENCE_S}s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning"""
"""Views can be built anew, so their commits need not wait for the disk."""
OURS: Final = "views of Amends; built anew from its record at will"
"""The comment of every schema that may be dropped: whatever else is called so in that database is not ours."""
TAKE: Final = "SELECT pg_try_advisory_lock(hashtext('amends views'), hashtext(%s))"
ITS_WRITER: Final = """FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND classid = hashtext('amends views')::oid AND objid = hashtext(%s)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""Whoever holds what `TAKE` takes."""
WRITTEN: Final = f"SELECT EXISTS (SELECT {ITS_WRITER})"
SEND_AWAY: Final = f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (SELECT pid {ITS_WRITER})
    AND state <> 'idle' AND wait_event_type = 'Client' AND state_change < clock_timestamp() - interval '{SILENCE_S}s'"""  # noqa: S608 - its parts are constants
"""A writer that the server has waited for too long, amid a transaction. What is written row upon row is a pipeline, in which,
and after which, the server's own time-outs do not count."""
NOTIFY: Final = "SELECT pg_notify(%s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the views are: how it is reached, and `schema`, which all processes with the same projections share."""

    url: str
    schema: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def how(self) -> dict[str, Any]:
        """To connect with, in autocommit mode."""
        return {**self.options, "autocommit": True, "application_name": "amends views"}

    def connected(self, manner: str) -> Connection:
        """`manner` sets up the session. Raises `psycopg.OperationalError`."""
        connection = psycopg.connect(self.url, **self.how)
        try:
            connection.execute(manner.encode())
            connection.execute(SQL("SET search_path = {}").format(Identifier(self.schema)))
        except BaseException:
            connection.close()
            raise
        return connection

    def beside(self, suffix: str) -> Database:
        """Another schema of the same database."""
        return replace(self, schema=self.schema + suffix)

    def next(self) -> Database:
        return self.beside(NEXT)


def schema_of(pages: Sequence[Projection]) -> str:
    """The same for all processes whose projections are the same, so that two versions of the hub never share a table."""
    told = "\n".join(f"{page.name} {page.version}" for page in pages)
    return "views_" + hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Schema:
    """A `Store`. Whoever holds its lock may write; the lock goes with the connection."""

    name: str
    connection: Connection

    def begin(self) -> Cursor:
        self.connection.execute("BEGIN")
        return PostgresCursor(self.connection.cursor())

    def commit(self, position: int) -> None:
        self.connection.execute(NOTIFY, (self.name, str(position)))
        self.connection.execute("COMMIT")

    def roll_back(self) -> None:
        with suppress(psycopg.OperationalError):  # the server undoes what a lost connection began
            if not self.connection.closed:
                self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """The lock is free when this returns, not only when the server has seen the connection end."""
        with suppress(psycopg.Error):
            self.connection.execute("SELECT pg_advisory_unlock_all()")
        self.connection.close()


def taken(connection: Connection, schema: str) -> bool:
    """Whether this connection is now the one that may write `schema`. A writer that stands still is sent away for the next time."""
    if connection.execute(TAKE, (schema,)).fetchone() == (True,):
        return True
    connection.execute(SEND_AWAY, (schema,))
    return False


def written(connection: SQLConnection, schema: str) -> bool:
    """Whether some process holds the lock to write `schema`."""
    return bool(connection.exec_driver_sql(WRITTEN, (schema,)).scalar_one())


def session(database: Database) -> Connection:
    """One that may become the writer's. Raises `psycopg.OperationalError`."""
    return database.connected(WRITING)


def open_shared(
    database: Database, pages: Sequence[Projection], incarnation: str, *, bulk: bool = False
) -> Book[Schema] | None:
    """None while another process writes. Raises `psycopg.OperationalError`."""
    connection = session(database)
    try:
        is_ours = taken(connection, database.schema)
    except BaseException:
        connection.close()
        raise
    if is_ours:
        return begun(database, connection, pages, incarnation, bulk=bulk)
    connection.close()
    return None


def begun(
    database: Database,
    connection: Connection,
    pages: Sequence[Projection],
    incarnation: str,
    *,
    bulk: bool = False,
) -> Book[Schema]:
    """On the connection that holds the lock; it is closed when the tables can't be made."""
    try:
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(database.schema)))
        connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(Identifier(database.schema), OURS))
        return opened(Schema(database.schema, connection), pages, incarnation, bulk=bulk)
    except BaseException:
        connection.close()
        raise
