"""Every desk table, opened as one: in the file `desk`, or in the schema `desk` of a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.app.ports import Clock
from infra.desktables.access import CredentialTable, SessionTable
from infra.desktables.drafts import CustomerKeys, DraftTable
from infra.desktables.limits import SlidingLimits
from infra.desktables.work import AnswerTable, CounterTable, LeaseTable
from infra.owned import OwnedFile
from infra.rows import Database, Rows

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS credentials (agent TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, secret_hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    token_hash BLOB PRIMARY KEY, agent TEXT NOT NULL, csrf TEXT NOT NULL,
    created_at REAL NOT NULL, seen_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_of_agent ON sessions (agent);
CREATE TABLE IF NOT EXISTS drafts (
    agent TEXT NOT NULL, conversation TEXT NOT NULL, customer TEXT NOT NULL,
    sealed BLOB NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY (agent, conversation)
);
CREATE INDEX IF NOT EXISTS drafts_of_conversation ON drafts (conversation);
CREATE INDEX IF NOT EXISTS drafts_of_customer ON drafts (customer);
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, ids TEXT NOT NULL, kept_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (kept_at);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

POSTGRES: Final = (
    SCHEMA.replace("BLOB", "bytea").replace("REAL", "double precision").replace("INTEGER", "bigint")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Every desk table over one writer."""

    file: Rows
    credentials: CredentialTable
    sessions: SessionTable
    drafts: DraftTable
    leases: LeaseTable
    answers: AnswerTable
    counters: CounterTable
    limits: SlidingLimits

    async def scrub(self) -> None:
        """No deleted byte is left in the file or its write-ahead log. Raises `StillBusy`."""
        await self.file.scrub()

    def close(self) -> None:
        self.file.close()


def open_desk(path: Path, keys: CustomerKeys, clock: Clock) -> Desk:
    """`keys` seals drafts; `clock` decides what has expired."""
    return _desk(OwnedFile(path, SCHEMA, store="desk"), keys, clock, lambda _: clock().timestamp())


def open_postgres_desk(
    url: str, keys: CustomerKeys, clock: Clock, *, lease_clock: Clock | None = None, is_durable: bool = True
) -> Desk:
    """The same for all processes on one database. Leases go by the server's clock; `lease_clock` is for tests alone."""
    from infra.postgres_rows import PostgresRows

    rows = PostgresRows(url, "desk", POSTGRES, is_durable=is_durable)
    return _desk(rows, keys, clock, _servers if lease_clock is None else lambda _: lease_clock().timestamp())


def _desk(file: Rows, keys: CustomerKeys, clock: Clock, now: Callable[[Database], float]) -> Desk:
    return Desk(
        file=file,
        credentials=CredentialTable(file),
        sessions=SessionTable(file),
        drafts=DraftTable(file, keys),
        leases=LeaseTable(file, now),
        answers=AnswerTable(file, clock),
        counters=CounterTable(file),
        limits=SlidingLimits(),
    )


def _servers(db: Database) -> float:
    """Now, as the database has it: machines disagree."""
    return float(db.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])
