"""The `keys` file: one wrapped key a row; a destroyed key is overwritten in place and its row stays as a tombstone.

Rows are only ever appended and overwritten at the same length, so no page is split or merged
and no stale copy of a wrapped key stays behind in the file.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Final, Literal

from hub.domain.errors import CustomerErased
from hub.domain.ids import StreamId
from infra.db import open_reader
from infra.keys.cache import KeyCache
from infra.keys.lookup import LookupSecrets
from infra.keys.master import MasterKey, MasterKeyProblem
from infra.owned import OwnedFile

KeyState = Literal["held", "destroyed", "unknown"]

LOOKUP: Final = "lookup"
GONE: Final = bytes(60)
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS data_keys (
    slot INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 60),
    made_at INTEGER NOT NULL
);
"""
INSERT: Final = "INSERT OR IGNORE INTO data_keys (id, wrapped, made_at) VALUES (?, ?, ?)"
OVERWRITE: Final = "UPDATE data_keys SET wrapped = zeroblob(60) WHERE id = ?"


class KeyFile:
    """Data keys by id: a stream's UUID as text, or a blob id. Opening fails when the master key is another one."""

    def __init__(
        self, path: Path, master: MasterKey, *, other: MasterKey | None = None, cache: KeyCache | None = None
    ) -> None:
        self.path, self.master, self.other = path, master, other
        self.file = OwnedFile(path, SCHEMA)
        self.cache = cache or KeyCache()
        self._readers = _Readers(path)
        self.secrets = LookupSecrets(self._lookup_key())

    def key(self, key_id: str) -> bytes | None:
        """The 32-byte key; None when destroyed or never made. From a cache of at most 60 s, else one indexed read."""
        if cached := self.cache.get(key_id):
            return cached
        wrapped = self._readers.wrapped(key_id)
        if wrapped is None or wrapped == GONE:
            return None
        key = self._opened(key_id, wrapped)
        self.cache.put(key_id, key)
        return key

    def state(self, key_id: str) -> KeyState:
        """Read from the file, never from the cache."""
        wrapped = self._readers.wrapped(key_id)
        if wrapped is None:
            return "unknown"
        return "destroyed" if wrapped == GONE else "held"

    async def ensure(self, stream: StreamId) -> None:
        """The stream has a data key from now on, committed. Raises `CustomerErased` when it was destroyed."""
        if self.cache.get(str(stream)):
            return
        key = await self.file.do(lambda connection: self._held_or_made(connection, str(stream)))
        self.cache.put(str(stream), key)

    async def put(self, keys: Mapping[str, bytes]) -> None:
        """Commit these keys under new ids, together with whoever else waits."""
        await self.file.do(lambda connection: self._insert(connection, keys))
        for key_id, key in keys.items():
            self.cache.put(key_id, key)

    async def destroy(self, key_ids: Iterable[str]) -> None:
        """Overwrite these keys for ever; an id without a key gets its tombstone too. `scrub` empties the write-ahead log."""
        doomed = [key_id for key_id in key_ids if key_id != LOOKUP]
        await self.file.do(lambda connection: _overwrite(connection, doomed))
        self.cache.drop(doomed)

    def forget_cached(self, key_ids: Iterable[str] | None = None) -> None:
        """Drop opened keys from memory, all of them without ids (record rule 20)."""
        self.cache.drop(key_ids)

    async def scrub(self) -> None:
        """No byte of a destroyed key is left in the file or its write-ahead log. Raises `StillBusy`."""
        await self.file.scrub(rewrite=False)

    def held(self) -> Iterator[tuple[str, bytes, int]]:
        """Every key still there, with the second it was made; for sweeps and proofs."""
        return ((key_id, key, made_at) for key_id, key, made_at in self.everything() if key is not None)

    def everything(self) -> Iterator[tuple[str, bytes | None, int]]:
        """Every id that ever had a key, in the order they were made; None where the key was destroyed. For backups."""
        with closing(open_reader(self.path)) as reader:
            for key_id, wrapped, made_at in reader.execute(
                "SELECT id, wrapped, made_at FROM data_keys ORDER BY slot"
            ):
                yield key_id, None if wrapped == GONE else self._opened(key_id, wrapped), made_at

    async def rewrap(self, master: MasterKey) -> int:
        """Wrap every key under another master key, in one commit; returns how many. Both open rows until it is done."""
        self.master, self.other = master, self.master
        count = await self.file.do(self._rewrap_all)
        await self.scrub()
        self.other = None
        return count

    def close(self) -> None:
        self._readers.close()
        self.file.close()

    def _insert(self, connection: sqlite3.Connection, keys: Mapping[str, bytes]) -> None:
        now = int(time.time())
        connection.executemany(
            INSERT, [(key_id, self.master.wrap(key_id, key), now) for key_id, key in keys.items()]
        )

    def _rewrap_all(self, connection: sqlite3.Connection) -> int:
        rows = connection.execute(
            "SELECT id, wrapped FROM data_keys WHERE wrapped <> zeroblob(60)"
        ).fetchall()
        anew = [(self.master.wrap(key_id, self._opened(key_id, wrapped)), key_id) for key_id, wrapped in rows]
        connection.executemany("UPDATE data_keys SET wrapped = ? WHERE id = ?", anew)
        return len(anew)

    def _held_or_made(self, connection: sqlite3.Connection, key_id: str) -> bytes:
        fresh = self.master.wrap(key_id, secrets.token_bytes(32))
        connection.execute(INSERT, (key_id, fresh, int(time.time())))
        wrapped = connection.execute("SELECT wrapped FROM data_keys WHERE id = ?", (key_id,)).fetchone()[0]
        if wrapped == GONE:
            raise CustomerErased
        return self._opened(key_id, wrapped)

    def _opened(self, key_id: str, wrapped: bytes) -> bytes:
        masters = (self.master, self.other) if self.other else (self.master,)
        key = next((key for master in masters if (key := master.unwrap(key_id, wrapped))), None)
        if key is None:
            raise MasterKeyProblem(
                f"{self.path} was sealed with another master key than {self.master.path}. "
                "Put the right copy there, or name it in AMENDS_MASTER_KEY_FILE."
            )
        return key

    def _lookup_key(self) -> bytes:
        return self.file.do_now(lambda connection: self._held_or_made(connection, LOOKUP))


class _Readers:
    """One read-only connection behind a lock: `key` is asked from the loop and from worker threads."""

    def __init__(self, path: Path) -> None:
        self._connection, self._lock = open_reader(path), Lock()

    def wrapped(self, key_id: str) -> bytes | None:
        with self._lock:
            row = self._connection.execute("SELECT wrapped FROM data_keys WHERE id = ?", (key_id,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _overwrite(connection: sqlite3.Connection, key_ids: list[str]) -> None:
    now = int(time.time())
    connection.executemany(OVERWRITE, [(key_id,) for key_id in key_ids])
    connection.executemany(INSERT, [(key_id, GONE, now) for key_id in key_ids])
