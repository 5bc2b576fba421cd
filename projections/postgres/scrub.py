"""No deleted byte stays in the files of shared views: every table is written anew, while everybody goes on reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection, errors
from psycopg.sql import SQL, Composable, Identifier

from projections.postgres.cursor import PostgresCursor
from projections.postgres.store import Database
from projections.projection import Projection

SCRUBBED: Final = "_scrubbed"
"""Suffix of the schema that the new tables stand in until they are full; nobody ever sees it."""
PLAIN: Final = "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '10s'"
BRIEFLY: Final = "SET LOCAL lock_timeout = '1s'"
PATIENTLY: Final = "SET LOCAL lock_timeout = 0"
PAUSE_S: Final = 1.0
NOBODY_WRITES: Final = "LOCK TABLE projections IN EXCLUSIVE MODE"
ALONE: Final = "LOCK TABLE projections IN ACCESS EXCLUSIVE MODE"
"""From here on nobody reads or writes these views until the tables are switched."""


def rewrite(database: Database, pages: Sequence[Projection]) -> None:
    """The tables, and what the planner remembers of their values.

    The server's write-ahead log keeps old rows until it is recycled (record rule 21).
    """
    with database.connected(PLAIN) as connection:
        rewrite_tables(connection, database, pages)
        for table in (table for page in pages for table in page.tables):
            said(connection, "ANALYZE {}", at(database, table.name))
        rewrite_samples(connection)


def rewrite_samples(connection: Connection) -> None:
    """Samples of old tables went with them, and leave the file here. The owner of the database may do so; else they stay a while."""
    connection.execute("SET lock_timeout = '1s'")
    while True:
        try:
            connection.execute("VACUUM (FULL) pg_statistic")
            return
        except errors.LockNotAvailable:
            time.sleep(PAUSE_S)


def rewrite_tables(connection: Connection, database: Database, pages: Sequence[Projection]) -> None:
    """In one transaction. Pages of facts wait until it is done; questions wait for the last moment of it alone."""
    fresh = database.beside(SCRUBBED)
    with connection.transaction():
        connection.execute(NOBODY_WRITES)
        said(connection, "CREATE SCHEMA {}", Identifier(fresh.schema))
        for table in (table for page in pages for table in page.tables):
            said(connection, "SET LOCAL search_path = {}", Identifier(fresh.schema))
            PostgresCursor(connection.cursor()).create(table)
            said(connection, "INSERT INTO {} TABLE {}", at(fresh, table.name), at(database, table.name))
        said(connection, "SET LOCAL search_path = {}", Identifier(database.schema))
        wait_for_readers(connection)
        for table in (table for page in pages for table in page.tables):
            put(connection, fresh, database, table.name)
        said(connection, "DROP SCHEMA {}", Identifier(fresh.schema))


def wait_for_readers(connection: Connection) -> None:
    """New readers queue behind whoever waits for a lock, so one waits briefly, lets them through, and waits again."""
    while True:
        try:
            with connection.transaction():
                connection.execute(BRIEFLY)
                connection.execute(ALONE)
                connection.execute(PATIENTLY)
            return
        except errors.LockNotAvailable:
            time.sleep(PAUSE_S)


def put(connection: Connection, there: Database, here: Database, table: str) -> None:
    """A table that was made elsewhere takes the place of the one of that name."""
    said(connection, "DROP TABLE IF EXISTS {}", at(here, table))
    said(connection, "ALTER TABLE {} SET SCHEMA {}", at(there, table), Identifier(here.schema))


def at(database: Database, table: str) -> Identifier:
    return Identifier(database.schema, table)


def said(connection: Connection, statement: str, *parts: Composable) -> Any:
    return connection.execute(SQL(statement).format(*parts))
