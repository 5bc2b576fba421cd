"""Questions of views in PostgreSQL: each transaction sees one moment, whatever is switched meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Engine, create_engine, event

from hub.app.ports import TablesAway
from projections.dialect import bound
from projections.postgres.cursor import POSTGRES
from projections.postgres.store import Database
from projections.views import AWAY, MISSING

READ_ONLY: Final = """SET default_transaction_read_only = on; SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation ="""
READING: Final = f"{READ_ONLY} 'repeatable read'"
AT_ONCE: Final = "LOCK TABLE projections IN ACCESS SHARE MODE"
"""Before the first look, so that the moment a transaction sees is never one from before a switch that it waited for."""
LOOKING_UP: Final = f"{READ_ONLY} 'read committed'"
"""A single statement that waited for a switch has to see the rows that came with it, not the moment before."""
PATIENCE_S: Final = 5.0


def open_reader(database: Database, *, size: int = 4) -> Engine:
    """Read-only connections; one that broke is made anew."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: _connected(database),
        pool_size=size,
        max_overflow=size,
        pool_pre_ping=True,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(AT_ONCE))
    return engine


def _connected(database: Database) -> psycopg.Connection:
    connection = database.connected(READING)
    connection.autocommit = False
    return connection


@dataclass(frozen=True, slots=True)
class PostgresLookup:
    """A `Lookup` by the event loop itself, over a few connections. Raises `TablesAway`."""

    pool: AsyncConnectionPool[psycopg.AsyncConnection]

    async def rows(self, statement: Any, values: Mapping[str, Any]) -> list[Any]:
        sql, given = bound(statement, values, POSTGRES)
        try:
            async with self.pool.connection() as connection:
                return await (await connection.execute(sql.encode(), given)).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as missing:
            raise TablesAway(MISSING) from missing
        except psycopg.OperationalError as away:
            raise TablesAway(AWAY.format(why=type(away).__name__)) from away

    async def close(self) -> None:
        await self.pool.close()


async def open_lookup(database: Database, *, size: int = 2) -> PostgresLookup:
    async def manner(connection: psycopg.AsyncConnection) -> None:
        await connection.execute(LOOKING_UP.encode())
        await connection.execute(SQL("SET search_path = {}").format(Identifier(database.schema)))

    pool = AsyncConnectionPool(
        database.url,
        kwargs=database.how,
        configure=manner,
        min_size=1,
        max_size=size,
        timeout=PATIENCE_S,
        open=False,
    )
    await pool.open()
    return PostgresLookup(pool)
