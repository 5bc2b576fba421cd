"""Other sets of views in the same database: of another version of the hub, or being built."""

from __future__ import annotations

from typing import Final

from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from projections.postgres.store import NEXT, OURS, Database, taken

OTHERS: Final = """SELECT nspname FROM pg_namespace
    WHERE obj_description(oid, 'pg_namespace') = %s AND nspname <> %s ORDER BY 1"""
GIVE_BACK: Final = "SELECT pg_advisory_unlock(hashtext('amends views'), hashtext(%s))"
HAS_VIEWS: Final = "SELECT to_regclass(%s) IS NOT NULL"
PLAIN: Final = "SET statement_timeout = '60s'; SET client_min_messages = warning"


def passed(database: Database, position: int) -> bool:
    """Whether all others have passed `position`. Those that nobody writes are dropped; those being built anew have to be done."""
    with database.connected(PLAIN) as connection:
        found = [name for (name,) in connection.execute(OTHERS, (OURS, database.schema)).fetchall()]
        waits = [
            name
            for name in found
            if not (dropped(connection, name) or serves_beyond(connection, name, position))
        ]
    return not waits


def dropped(connection: Connection, schema: str) -> bool:
    """Unless somebody writes it."""
    if not taken(connection, schema):
        return False
    try:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
    finally:
        connection.execute(GIVE_BACK, (schema,))
    return True


def serves_beyond(connection: Connection, schema: str, position: int) -> bool:
    """One that is yet to be switched in would bring back what is taken out of the rows that serve now."""
    return not schema.endswith(NEXT) and stands_beyond(connection, schema, position)


def stands_beyond(connection: Connection, schema: str, position: int) -> bool:
    if connection.execute(HAS_VIEWS, (f'"{schema}".projections',)).fetchone() != (True,):
        return False
    query = SQL("SELECT min(position) FROM {}").format(Identifier(schema, "projections"))
    try:
        row = connection.execute(query).fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):  # just switched or dropped: look again
        return False
    return bool(row and row[0] is not None and row[0] >= position)
