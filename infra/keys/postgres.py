"""Data keys in a database that several processes share: what one of them destroys, none of them uses any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from infra.eventlog.postgres.connecting import FIRST_PAUSE, LONGEST_PAUSE, NOTICE_LOSS
from infra.keys.keyfile import KeyTable
from infra.keys.master import MasterKey
from infra.postgres_rows import PostgresReader, PostgresRows
from infra.rows import Database

SCHEMA: Final = "keys"
TABLES: Final = """CREATE TABLE IF NOT EXISTS data_keys (
    slot bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    wrapped bytea NOT NULL CHECK (octet_length(wrapped) = 60),
    made_at bigint NOT NULL
)"""
PATIENCE: Final = 0.5
"""Seconds that a look-up waits for a database that is away: it may be the event loop that asks."""
DESTROYED: Final = "amends_keys_destroyed"
"""The channel on which each destruction is announced, as it is committed."""
NOTIFY: Final = f"NOTIFY {DESTROYED}"
LISTEN: Final = f"LISTEN {DESTROYED}"

log = logging.getLogger(__name__)


class PostgresKeys(KeyTable):
    """Keys that were opened stay in memory for at most 60 s in any process (record rule 20), and until a destruction is heard.

    Overwritten rows leave the table's file with `scrub`. The server's write-ahead log, and backups made of it, keep them
    until they are recycled: wrapped, so that a new master key closes them too.
    """

    def __init__(
        self, url: str, master: MasterKey, *, other: MasterKey | None = None, is_durable: bool = True
    ) -> None:
        rows = PostgresRows(url, SCHEMA, TABLES, is_durable=is_durable)
        super().__init__(
            rows,
            PostgresReader(url, SCHEMA, PATIENCE),
            "The schema keys of the database",
            master,
            other=other,
        )
        self.url = url

    async def destroy(self, key_ids: Iterable[str]) -> None:
        doomed = list(key_ids)
        await super().destroy(doomed)
        await self.file.do(_announce)

    async def scrub(self) -> None:
        await self.file.scrub()

    async def listen(self, tell: Callable[[], Any]) -> None:
        """For ever: forget every opened key, and `tell`, whenever some process destroyed one; also after a silence."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with await AsyncConnection.connect(self.url, autocommit=True, **NOTICE_LOSS) as line:
                    await line.execute(LISTEN)
                    pause = FIRST_PAUSE
                    self._forget(tell)
                    async for _ in line.notifies():
                        self._forget(tell)
            except psycopg.OperationalError as why:
                log.warning("No word of destroyed keys for now; they are forgotten after a minute: %s", why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _forget(self, tell: Callable[[], Any]) -> None:
        self.forget_cached()
        tell()


def has_keys(url: str) -> bool:
    """Whether a hub kept keys there before."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regclass('keys.data_keys') IS NOT NULL").fetchone()
        if found != (True,):
            return False
        return connection.execute("SELECT EXISTS (SELECT FROM keys.data_keys)").fetchone() == (True,)


def _announce(db: Database) -> None:
    db.execute(NOTIFY)
