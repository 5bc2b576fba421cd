"""Data keys, one wrapped key a row: in the file `keys`, or in the schema `keys` of a database.

A destroyed key is overwritten in place and its row stays as a tombstone. In the file rows are only ever appended and
overwritten at the same length, so no page is split or merged and no stale copy of a wrapped key stays behind.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, Protocol

from hub.domain.errors import CustomerErased
from hub.domain.ids import StreamId
from infra.db import open_reader
from infra.keys.cache import KeyCache
from infra.keys.lookup import LookupSecrets
from infra.keys.master import MasterKey, MasterKeyProblem
from infra.owned import OwnedFile
from infra.rows import Database, Rows

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
INSERT: Final = "INSERT INTO data_keys (id, wrapped, made_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
OVERWRITE: Final = "UPDATE data_keys SET wrapped = ? WHERE id = ?"
SELECT: Final = "SELECT wrapped FROM data_keys WHERE id = ?"
EVERYTHING: Final = "SELECT id, wrapped, made_at FROM data_keys ORDER BY slot"


class Reader(Protocol):
    """Single rows beside the writer. Callable from any thread."""

    def row(self, sql: str, *values: object) -> Any: ...

    def close(self) -> None: ...


class KeyTable:
    """Data keys by id: a stream's UUID as text, or a blob id. Opening fails when the master key is another one.

    `place`: where they are, for people.
    """

    def __init__(
        self,
        file: Rows,
        reader: Reader,
        place: str,
        master: MasterKey,
        *,
        other: MasterKey | None = None,
        cache: KeyCache | None = None,
    ) -> None:
        self.place, self.master, self.other = place, master, other
        self.file, self._readers = file, reader
        self.cache = cache or KeyCache()
        self.secrets = LookupSecrets(self._lookup_key())

    def key(self, key_id: str) -> bytes | None:
        """The 32-byte key; None when destroyed or never made. From a cache of at most 60 s, else one indexed read."""
        if cached := self.cache.get(key_id):
            return cached
        wrapped = self._wrapped(key_id)
        if wrapped is None or wrapped == GONE:
            return None
        key = self._opened(key_id, wrapped)
        self.cache.put(key_id, key)
        return key

    def state(self, key_id: str) -> KeyState:
        """Read from the file, never from the cache."""
        wrapped = self._wrapped(key_id)
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
        for key_id, wrapped, made_at in self.file.do_now(lambda db: db.execute(EVERYTHING).fetchall()):
            yield key_id, self._opened_or_gone(key_id, wrapped), made_at

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

    def _insert(self, connection: Database, keys: Mapping[str, bytes]) -> None:
        now = int(time.time())
        connection.executemany(
            INSERT, [(key_id, self.master.wrap(key_id, key), now) for key_id, key in keys.items()]
        )

    def _rewrap_all(self, connection: Database) -> int:
        rows = connection.execute("SELECT id, wrapped FROM data_keys WHERE wrapped <> ?", (GONE,)).fetchall()
        anew = [(self.master.wrap(key_id, self._opened(key_id, wrapped)), key_id) for key_id, wrapped in rows]
        connection.executemany("UPDATE data_keys SET wrapped = ? WHERE id = ?", anew)
        return len(anew)

    def _held_or_made(self, connection: Database, key_id: str) -> bytes:
        fresh = self.master.wrap(key_id, secrets.token_bytes(32))
        connection.execute(INSERT, (key_id, fresh, int(time.time())))
        wrapped = connection.execute(SELECT, (key_id,)).fetchone()[0]
        if wrapped == GONE:
            raise CustomerErased
        return self._opened(key_id, wrapped)

    def _opened(self, key_id: str, wrapped: bytes) -> bytes:
        masters = (self.master, self.other) if self.other else (self.master,)
        key = next((key for master in masters if (key := master.unwrap(key_id, wrapped))), None)
        if key is None:
            raise MasterKeyProblem(
                f"{self.place} was sealed with another master key than {self.master.path}. "
                "Put the right copy there, or name it in AMENDS_MASTER_KEY_FILE."
            )
        return key

    def _opened_or_gone(self, key_id: str, wrapped: bytes) -> bytes | None:
        return None if wrapped == GONE else self._opened(key_id, wrapped)

    def _wrapped(self, key_id: str) -> bytes | None:
        row = self._readers.row(SELECT, key_id)
        return row[0] if row else None

    def _lookup_key(self) -> bytes:
        return self.file.do_now(lambda connection: self._held_or_made(connection, LOOKUP))


class KeyFile(KeyTable):
    """In a file of its own."""

    def __init__(
        self, path: Path, master: MasterKey, *, other: MasterKey | None = None, cache: KeyCache | None = None
    ) -> None:
        self.path = path
        file = OwnedFile(path, SCHEMA, store="keys")
        super().__init__(file, FileReader(path), str(path), master, other=other, cache=cache)

    def everything(self) -> Iterator[tuple[str, bytes | None, int]]:
        """Row by row, on a connection of its own: a backup of many keys holds nobody up."""
        with closing(open_reader(self.path)) as reader:
            for key_id, wrapped, made_at in reader.execute(EVERYTHING):
                yield key_id, self._opened_or_gone(key_id, wrapped), made_at


class FileReader:
    """One read-only connection behind a lock: `key` is asked from the loop and from worker threads."""

    def __init__(self, path: Path) -> None:
        self._connection, self._lock = open_reader(path), Lock()

    def row(self, sql: str, *values: object) -> Any:
        with self._lock:
            return self._connection.execute(sql, values).fetchone()

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _overwrite(connection: Database, key_ids: list[str]) -> None:
    now = int(time.time())
    connection.executemany(OVERWRITE, [(GONE, key_id) for key_id in key_ids])
    connection.executemany(INSERT, [(key_id, GONE, now) for key_id in key_ids])
