"""A SQLite file and the one thread that writes it: small transactions are grouped, and only this connection checkpoints."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.app.ports import TablesAway
from infra.db import BUSY_MS, open_writer
from infra.migrations import check_file
from infra.together import Together

NOTHING_THERE: Final = "SELECT 1 FROM sqlite_master LIMIT 1"
R = TypeVar("R")
Step = Callable[[sqlite3.Connection], R]


class StillBusy(OSError):
    """The write-ahead log could not be emptied because a reader held on to it."""


class FileStopped(OSError):
    """A write to this file failed half-way; nothing is acknowledged until the hub is started again."""


class OwnedFile:
    """One read-write connection for the life of the process (record rule 1).

    `do` runs a step inside a transaction shared with whoever else waits; a step that raises is undone alone.
    Raises `TablesAway` while the disk is full, `FileStopped` after a failed sync.
    """

    def __init__(self, path: Path, schema: str, *, durable: bool = True, store: str = "") -> None:
        """`store`: under which name migrations know it. Raises `UnsafeStore`, also when it has to be migrated first."""
        self.path = path
        self._failed: sqlite3.Error | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"write-{path.name}")
        self._connection = self._opened(path, schema, durable, store)
        self._together: Together[Step[Any], Any] = Together(self._commit, self._thread)

    def _opened(self, path: Path, schema: str, durable: bool, store: str) -> sqlite3.Connection:
        try:
            return self._thread.submit(_prepare, path, schema, durable, store).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def do(self, step: Step[R]) -> R:
        """Run `step` and commit durably before returning its answer."""
        answer: R = await self._together(step)
        return answer

    def do_now(self, step: Step[R]) -> R:
        """The same for callers without an event loop (start-up, commands)."""
        answer = self._thread.submit(self._commit, [step]).result()[0]
        if isinstance(answer, Exception):
            raise answer
        result: R = answer
        return result

    async def alone(self, step: Step[R]) -> R:
        """Run `step` outside of any transaction: checkpoints, VACUUM, online backup."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, step, self._connection)

    async def scrub(self, *, rewrite: bool = True, seconds: float = 10.0) -> None:
        """Empty the write-ahead log, after rewriting the file without what was deleted. Raises `StillBusy`.

        `secure_delete` alone may leave a stale copy of a row where pages were merged; VACUUM does not.
        """
        if rewrite:
            await self.alone(lambda connection: connection.execute("VACUUM"))
        await self.alone(lambda connection: empty_wal(connection, self.path, seconds=seconds))

    def close(self) -> None:
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    def _commit(self, steps: list[Step[Any]]) -> list[Any]:
        connection = self._connection
        if self._failed is not None:
            raise FileStopped(
                f"{self.path.name}: {self._failed}; free the disk or mend it, then start the hub again."
            )
        connection.execute("BEGIN IMMEDIATE")
        try:
            answers = [_one(connection, step) for step in steps]
            connection.execute("COMMIT")
        except BaseException as failure:
            self._failed = _fatal(failure)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if (passing := _passing(failure)) is not None:
                raise passing from failure
            raise
        return answers


def empty_wal(connection: sqlite3.Connection, path: Path, *, seconds: float) -> None:
    """Checkpoint with TRUNCATE until not busy, or say who blocks (record rule 21). `connection` is the file's owner."""
    connection.execute(
        f"PRAGMA busy_timeout = {int(seconds * 1000)}"
    )  # SQLite itself waits for readers so long
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if busy:
        raise StillBusy(f"A reader still holds {path.name}-wal ({_holders(path)}). Close it and try again.")


def _holders(path: Path) -> str:
    """Processes that have the write-ahead log open, as far as this system lets us look."""
    wal, found = f"{path}-wal", set[str]()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == wal:
                found.add(link.parts[2])
        except OSError:
            continue
    return "pid " + ", ".join(sorted(found)) if found else "holder unknown"


def _fatal(failure: BaseException) -> sqlite3.Error | None:
    """After one failed sync the pages may be gone, so a later sync that succeeds proves nothing."""
    name = getattr(failure, "sqlite_errorname", None) or ""
    is_fatal = name.startswith("SQLITE_IOERR") and name not in PASSING
    return failure if isinstance(failure, sqlite3.Error) and is_fatal else None


PASSING: Final = {
    "SQLITE_FULL": "The disk is full. Free some space; the hub then goes on by itself.",
    "SQLITE_IOERR_SHMSIZE": "The disk is full. Free some space; the hub then goes on by itself.",
    "SQLITE_BUSY": "Another program holds the write lock of keys or desk tables. End it; the hub then goes on by itself.",
}


def _passing(failure: BaseException) -> TablesAway | None:
    """What is nobody's fault and passes, in words that say what to do."""
    says = PASSING.get(getattr(failure, "sqlite_errorname", None) or "")
    return TablesAway(says) if says else None


def _prepare(path: Path, schema: str, durable: bool, store: str) -> sqlite3.Connection:
    connection = open_writer(path, durable=durable)
    try:
        is_new = connection.execute(NOTHING_THERE).fetchone() is None
        if store and not is_new:
            check_file(connection, store, path, is_new=False)
        connection.executescript(schema)
        if store:
            check_file(connection, store, path, is_new=is_new)
    except BaseException:
        connection.close()
        raise
    return connection


def _one(connection: sqlite3.Connection, step: Step[Any]) -> Any:
    connection.execute("SAVEPOINT step")
    try:
        answer = step(connection)
    except Exception as failure:
        if _passing(failure) is not None:
            raise  # SQLite may have undone the whole transaction, and nothing else would go through either
        connection.execute("ROLLBACK TO step")
        answer = failure
    connection.execute("RELEASE step")
    return answer
