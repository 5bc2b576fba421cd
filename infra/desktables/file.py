"""The `desk` file and everything in it, opened as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.app.ports import Clock
from infra.desktables.access import CredentialTable, SessionTable
from infra.desktables.drafts import CustomerKeys, DraftTable
from infra.desktables.limits import SlidingLimits
from infra.desktables.work import AnswerTable, CounterTable, LeaseTable
from infra.owned import OwnedFile

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Every desk table over one file and one writer."""

    file: OwnedFile
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
    file = OwnedFile(path, SCHEMA)
    return Desk(
        file=file,
        credentials=CredentialTable(file),
        sessions=SessionTable(file),
        drafts=DraftTable(file, keys),
        leases=LeaseTable(file, clock),
        answers=AnswerTable(file, clock),
        counters=CounterTable(file),
        limits=SlidingLimits(),
    )
