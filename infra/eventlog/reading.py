"""Reading the log beside its writer: pages in a few threads with a read-only connection each, single rows at once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from infra.codec import StoredRow
from infra.db import open_reader

THREADS: Final = 2
LONGEST: Final = 1.5
"""Seconds of one read transaction (record rule 1 allows 2)."""
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of one page; a page holds one row at least."""
STEP: Final = 256

T = TypeVar("T")


class Reading:
    """Questions are functions of a connection; they run in a reader thread, or at once in the thread of the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._own = open_reader(path)
        self._opened = [self._own]
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="log-reader", initializer=self._open)

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    def row(self, statement: str, *values: object) -> Any:
        """The first row, or None: for look-ups by an index, which take less time than handing them to a thread.

        For the event loop's thread alone.
        """
        return self._own.execute(statement, values).fetchone()

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        for db in self._opened:
            db.close()

    def _open(self) -> None:
        self._local.db = open_reader(self._path)
        self._opened.append(self._local.db)

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        db: sqlite3.Connection = self._local.db
        return question(db)


def page(db: sqlite3.Connection, statement: str, *values: object) -> list[StoredRow]:
    """Rows as one short read transaction allows: fewer than asked for when they are large or slow to come, never none."""
    cursor = db.execute(statement, values)
    deadline = time.monotonic() + LONGEST
    rows: list[StoredRow] = []
    size = 0
    while size < LARGEST and time.monotonic() < deadline:
        more = cursor.fetchmany(STEP)
        rows += more
        size += sum(len(row[4]) for row in more)
        if len(more) < STEP:
            break
    cursor.close()
    return rows
