"""Leases with growing fences, answers to repeated commands, counters."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from hub.app.ports import Answered, Clock
from infra.rows import Database, Rows

KEEP_ANSWERS: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class LeaseTable:
    """A row is never deleted, so that its fence number only ever grows."""

    file: Rows
    now: Callable[[Database], float]
    """Seconds since 1970, by one clock for all who share the table."""

    async def take(self, name: str, holder: str, seconds: float) -> int | None:
        """The fence number; None while another holds it. Taking what one holds already gives a new fence."""
        sql = (
            "INSERT INTO leases (name, holder, fence, until) VALUES (?, ?, 1, ?) "
            "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = leases.fence + 1, until = excluded.until "
            "WHERE leases.until <= ? OR leases.holder = excluded.holder RETURNING fence"
        )

        def take(db: Database) -> Any:
            now = self.now(db)
            return db.execute(sql, (name, holder, now + seconds, now)).fetchone()

        row = await self.file.do(take)
        return row[0] if row else None

    async def renew(self, name: str, holder: str, fence: int, seconds: float) -> bool:
        """False once it ran out or was taken by another."""
        sql = "UPDATE leases SET until = ? WHERE name = ? AND holder = ? AND fence = ? AND until > ?"

        def renew(db: Database) -> int:
            now = self.now(db)
            return db.execute(sql, (now + seconds, name, holder, fence, now)).rowcount

        return await self.file.do(renew) == 1

    async def release(self, name: str, holder: str, fence: int) -> None:
        sql = "UPDATE leases SET until = 0 WHERE name = ? AND holder = ? AND fence = ?"
        await self.file.do(lambda db: db.execute(sql, (name, holder, fence)))


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Status and ids by idempotency key, for 24 h; the first answer stays."""

    file: Rows
    clock: Clock

    async def find(self, key: str) -> tuple[bytes, Answered] | None:
        since = (self.clock() - KEEP_ANSWERS).timestamp()
        sql = "SELECT fingerprint, status, ids FROM answers WHERE key = ? AND kept_at > ?"
        row = await self.file.do(lambda db: db.execute(sql, (key, since)).fetchone())
        return (row[0], Answered(status=row[1], ids=json.loads(row[2]))) if row else None

    async def keep(self, key: str, fingerprint: bytes, answered: Answered) -> None:
        now = self.clock()
        row = (key, fingerprint, answered.status, json.dumps(dict(answered.ids)), now.timestamp())

        def keep(db: Database) -> None:
            db.execute("DELETE FROM answers WHERE kept_at <= ?", ((now - KEEP_ANSWERS).timestamp(),))
            db.execute(
                "INSERT INTO answers (key, fingerprint, status, ids, kept_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                row,
            )

        await self.file.do(keep)


@dataclass(frozen=True, slots=True)
class CounterTable:
    """1, 2, 3, … per name."""

    file: Rows

    async def next(self, name: str) -> int:
        sql = (
            "INSERT INTO counters (name, value) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
        )
        row = await self.file.do(lambda db: db.execute(sql, (name,)).fetchone())
        return int(row[0])
