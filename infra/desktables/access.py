"""Who may sign in, and who is signed in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hub.app.ports import Credential, Session
from hub.domain.ids import AgentId
from infra.rows import Database, Rows

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
TOUCH_EVERY: Final = timedelta(seconds=30)
"""`seen_at` is written at most this often: a busy page must not cost a sync per click."""


class LoginTaken(ValueError):
    """Another agent signs in with it."""


@dataclass(frozen=True, slots=True)
class CredentialTable:
    """One login per agent, one agent per login."""

    file: Rows

    async def put(self, credential: Credential) -> None:
        """Add or replace this agent's credential. Raises `LoginTaken`."""
        row = (str(credential.agent), credential.login, credential.secret_hash)
        sql = (
            "INSERT INTO credentials (agent, login, secret_hash) VALUES (?, ?, ?) "
            "ON CONFLICT (agent) DO UPDATE SET login = excluded.login, secret_hash = excluded.secret_hash"
        )

        def put(db: Database) -> None:
            taken = db.execute(
                "SELECT agent FROM credentials WHERE login = ?", (credential.login,)
            ).fetchone()
            if taken and taken[0] != row[0]:
                raise LoginTaken(credential.login)
            db.execute(sql, row)

        await self.file.do(put)

    async def find(self, login: str) -> Credential | None:
        sql = "SELECT agent, login, secret_hash FROM credentials WHERE login = ?"
        row = await self.file.do(lambda db: db.execute(sql, (login,)).fetchone())
        return Credential(agent=AgentId(UUID(row[0])), login=row[1], secret_hash=row[2]) if row else None

    async def remove(self, agent: AgentId) -> None:
        await self.file.do(lambda db: db.execute("DELETE FROM credentials WHERE agent = ?", (str(agent),)))


@dataclass(frozen=True, slots=True)
class SessionTable:
    """Only the SHA-256 of a token is kept: a copy of the file signs nobody in."""

    file: Rows
    idle: timedelta = IDLE
    absolute: timedelta = ABSOLUTE

    async def start(self, agent: AgentId, now: datetime) -> tuple[str, Session]:
        """A new 256-bit token. Sessions that have expired are swept on the way."""
        token = secrets.token_urlsafe(32)
        session = Session(agent=agent, csrf=secrets.token_urlsafe(32), created_at=now, seen_at=now)
        row = (_hashed(token), str(agent), session.csrf, now.timestamp(), now.timestamp())
        await self.file.do(lambda db: self._insert(db, row, now))
        return token, session

    async def find(self, token: str, now: datetime) -> Session | None:
        """None when unknown, idle for 30 min or older than 12 h; what has expired is removed."""
        return await self.file.do(lambda db: self._find(db, _hashed(token), now))

    async def end(self, token: str) -> None:
        await self.file.do(
            lambda db: db.execute("DELETE FROM sessions WHERE token_hash = ?", (_hashed(token),))
        )

    async def end_all(self, agent: AgentId) -> None:
        """Sign this agent out everywhere (password changed, agent disabled)."""
        await self.file.do(lambda db: db.execute("DELETE FROM sessions WHERE agent = ?", (str(agent),)))

    async def standing(self) -> Set[str]:
        """The SHA-256 of every token whose session was not ended, in hex."""
        rows = await self.file.do(lambda db: db.execute("SELECT token_hash FROM sessions").fetchall())
        return {bytes(row[0]).hex() for row in rows}

    def _insert(self, db: Database, row: tuple[object, ...], now: datetime) -> None:
        idle, old = (now - self.idle).timestamp(), (now - self.absolute).timestamp()
        db.execute("DELETE FROM sessions WHERE seen_at < ? OR created_at < ?", (idle, old))
        db.execute(
            "INSERT INTO sessions (token_hash, agent, csrf, created_at, seen_at) VALUES (?, ?, ?, ?, ?)", row
        )

    def _find(self, db: Database, token_hash: bytes, now: datetime) -> Session | None:
        sql = "SELECT agent, csrf, created_at, seen_at FROM sessions WHERE token_hash = ?"
        row = db.execute(sql, (token_hash,)).fetchone()
        if row is None:
            return None
        session = Session(
            agent=AgentId(UUID(row[0])), csrf=row[1], created_at=_moment(row[2]), seen_at=_moment(row[3])
        )
        if now - session.seen_at >= self.idle or now - session.created_at >= self.absolute:
            db.execute("DELETE FROM sessions WHERE token_hash = ?", (token_hash,))
            return None
        if now - session.seen_at < TOUCH_EVERY:
            return session
        db.execute("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", (now.timestamp(), token_hash))
        return replace(session, seen_at=now)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
