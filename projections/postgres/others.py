"""Other sets of views in the same database: of another version of the hub, or being built."""

from __future__ import annotations

from time import monotonic
from typing import Final, TypeAlias

from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from projections.postgres.store import NEXT, OURS, SEND_AWAY, WRITTEN, Database, taken

OTHERS: Final = """SELECT nspname FROM pg_namespace
    WHERE obj_description(oid, 'pg_namespace') = %s AND nspname <> %s ORDER BY 1"""
GIVE_BACK: Final = "SELECT pg_advisory_unlock(hashtext('amends views'), hashtext(%s))"
HAS_VIEWS: Final = "SELECT to_regclass(%s) IS NOT NULL"
LEFT_S: Final = 30.0
"""Views that nobody has written for so long were left for good."""
Free: TypeAlias = dict[str, float]
"""Since when nobody is seen to write a schema; what was dropped is not in it."""
PLAIN: Final = "SET statement_timeout = '60s'; SET client_min_messages = warning"


def passed(database: Database, position: int, free: Free) -> bool:
    """Whether all others have passed `position`. Those that nobody writes are dropped first, those being built anew are in."""
    with database.connected(PLAIN) as connection:
        found = [name for (name,) in connection.execute(OTHERS, (OURS, database.schema)).fetchall()]
        for gone in free.keys() - set(found):
            free.pop(gone, None)
        left = [name for name in found if not dropped(connection, name, free)]
        return all(name not in free and serves_beyond(connection, name, position) for name in left)


def dropped(connection: Connection, schema: str, free: Free) -> bool:
    """Unless somebody writes it, or has lately: whoever lost the connection comes back within seconds."""
    if not (abandoned(connection, schema, free) and taken(connection, schema)):
        return False
    try:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
    finally:
        connection.execute(GIVE_BACK, (schema,))
    free.pop(schema, None)
    return True


def abandoned(connection: Connection, schema: str, free: Free) -> bool:
    """Whether nobody was seen to write it for long. One who stands still is sent away."""
    if connection.execute(WRITTEN, (schema,)).fetchone() == (True,):
        connection.execute(SEND_AWAY, (schema,))
        free.pop(schema, None)
        return False
    return monotonic() - free.setdefault(schema, monotonic()) >= LEFT_S


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
