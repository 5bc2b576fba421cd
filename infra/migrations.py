"""Forward migrations of what can't be rebuilt: the log, the keys, the desk tables, in files and in a database.

Each has a number. A store made today begins at the newest; one that stands behind is refused with what to run, and one that
stands ahead was made by a newer Amends. A migration is never changed once it was released; a change is the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, LiteralString

from infra.db import UnsafeStore, open_writer, transaction

if TYPE_CHECKING:
    from psycopg import Connection

FIRST: Final = 1
"""Stores from before there were numbers stand here."""
BEHIND: Final = "{place} is of an older version ({stand}, this Amends needs {newest}). Make a backup, then run: amends migrate"
AHEAD: Final = (
    "{place} was written by a newer Amends (version {stand}, this one knows {newest}). Install that one."
)

VERSION: Final = "schema_version"
THERE: Final = "SELECT to_regclass(%s) IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """`says`: what it changes, in a few words. Statements for each kind of store; every one has both."""

    says: str
    sqlite: tuple[str, ...]
    postgres: tuple[LiteralString, ...]


MIGRATIONS: Mapping[str, Sequence[Migration]] = {"log": (), "keys": (), "desk": ()}
"""By store, from the first schema on: the n-th leads to version n + 1."""


def newest(store: str) -> int:
    return FIRST + len(MIGRATIONS[store])


def check_file(db: sqlite3.Connection, store: str, place: Path, *, is_new: bool) -> None:
    """Stamp a new file; refuse one that does not stand where this code does. Raises `UnsafeStore`."""
    if is_new:
        db.execute(f"PRAGMA user_version = {newest(store)}")
    _refuse(_file_stand(db), store, str(place))


def check_schema(connection: Connection, store: str, *, is_new: bool) -> None:
    """The same for the schema of that name. Raises `UnsafeStore`."""
    if is_new:
        _stamp_schema(connection, store, newest(store))
    _refuse(_schema_stand(connection, store), store, f"The schema {store} of the database")


def migrate_folder(data: Path) -> list[str]:
    """Everything in a data folder; what was done."""
    files = [(data / f"{store}.sqlite", store) for store in MIGRATIONS]
    return [told for path, store in files if path.exists() for told in migrate_file(path, store)]


def migrate_database(url: str) -> list[str]:
    """Everything in a database; what was done. Raises `DatabaseInUse`, `psycopg.OperationalError`."""
    import psycopg

    from infra.eventlog.postgres.connecting import refuse_hubs

    refuse_hubs(url)
    with psycopg.connect(url, autocommit=True) as connection:
        return [told for store in MIGRATIONS for told in migrate_schema(connection, store)]


def migrate_file(path: Path, store: str) -> list[str]:
    """Bring the file up to today, all or nothing; what was done, nothing when it stood there already. No hub may run."""
    with closing(open_writer(path, durable=True)) as db, transaction(db):
        stand = _file_stand(db)
        missing = MIGRATIONS[store][stand - FIRST :]
        for migration in missing:
            for statement in migration.sqlite:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {max(stand, newest(store))}")
    return [f"{path.name}: {migration.says}" for migration in missing]


def migrate_schema(connection: Connection, store: str) -> list[str]:
    """The same in the database, under its own lock."""
    from psycopg.sql import SQL, Identifier

    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('amends migrations'))")
        if connection.execute("SELECT to_regnamespace(%s) IS NULL", (store,)).fetchone() == (True,):
            return []
        stand = _schema_stand(connection, store)
        missing = MIGRATIONS[store][stand - FIRST :]
        connection.execute(SQL("SET LOCAL search_path = {}").format(Identifier(store)))
        for migration in missing:
            for statement in migration.postgres:
                connection.execute(statement)
        if missing:
            _stamp_schema(connection, store, newest(store))
    return [f"schema {store}: {migration.says}" for migration in missing]


def _refuse(stand: int, store: str, place: str) -> None:
    if stand != newest(store):
        text = BEHIND if stand < newest(store) else AHEAD
        raise UnsafeStore(text.format(place=place, stand=stand, newest=newest(store)))


def _file_stand(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0] or FIRST


def _schema_stand(connection: Connection, store: str) -> int:
    from psycopg.sql import SQL, Identifier

    if connection.execute(THERE, (f"{store}.{VERSION}",)).fetchone() != (True,):
        return FIRST
    found = connection.execute(SQL("SELECT number FROM {}").format(Identifier(store, VERSION))).fetchone()
    return int(found[0]) if found else FIRST


def _stamp_schema(connection: Connection, store: str, number: int) -> None:
    from psycopg.sql import SQL, Identifier

    table = Identifier(store, VERSION)
    connection.execute(
        SQL(
            "CREATE TABLE IF NOT EXISTS {} (only_row boolean PRIMARY KEY DEFAULT true, number integer NOT NULL)"
        ).format(table)
    )
    connection.execute(
        SQL(
            "INSERT INTO {} (number) VALUES (%s) ON CONFLICT (only_row) DO UPDATE SET number = excluded.number"
        ).format(table),
        (number,),
    )
