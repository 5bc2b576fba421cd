"""Tables written anew, so that no deleted row stays in their files, without holding anybody up (record rule 21)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from psycopg import Connection, OperationalError, errors
from psycopg.sql import SQL, Identifier

from hub.app.ports import TablesAway
from infra.eventlog.postgres.connecting import connected
from infra.owned import StillBusy

BRIEFLY: Final = "SET lock_timeout = '1s'"
"""Whoever comes after queues behind the one that waits for a lock, so one never waits for long."""
TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
SAMPLED: Final = """SELECT format('ALTER TABLE %%s ALTER COLUMN %%I SET STATISTICS 0', attrelid::regclass, attname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND attnum > 0
        AND NOT attisdropped AND coalesce(attstattarget, -1) <> 0"""
PAUSE_S: Final = 2.0
PATIENCE_S: Final = 60.0
HELD: Final = (
    "Somebody goes on reading {table} (a pg_dump?), so its deleted rows are still in its file. "
    "The erasure itself is done; this is tried again."
)


def rewrite(url: str, schema: str, tables: Sequence[str] = (), *, patience: float = PATIENCE_S) -> None:
    """All of `schema`, or only `tables`. On a connection of its own, so that its waiting is nobody else's. Raises `StillBusy`, `TablesAway`."""
    until = time.monotonic() + patience
    try:
        with connected(url, BRIEFLY) as connection:
            for (table,) in connection.execute(TABLES, (schema,)).fetchall():
                if not tables or table in tables:
                    _rewritten(connection, Identifier(schema, table), until)
    except OperationalError as lost:
        raise TablesAway(
            f"The database was lost while tables were written anew ({type(lost).__name__})."
        ) from lost


def keep_no_samples(connection: Connection, schema: str) -> None:
    """The planner remembers no value of these tables: it would for long after the row is gone. Each is found by its key."""
    for (statement,) in connection.execute(SAMPLED, (schema,)).fetchall():
        connection.execute(statement)


def _rewritten(connection: Connection, table: Identifier, until: float) -> None:
    while True:
        try:
            connection.execute(SQL("VACUUM (FULL) {}").format(table))
            return
        except errors.LockNotAvailable as held:
            if time.monotonic() > until:
                raise StillBusy(HELD.format(table=table.as_string())) from held
            time.sleep(PAUSE_S)
