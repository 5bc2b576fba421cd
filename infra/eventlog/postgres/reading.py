"""Reading the log beside its writer: a few threads with a connection each, which come back by themselves."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from psycopg import Connection

from infra.codec import StoredRow
from infra.eventlog.postgres.connecting import FIRST_PAUSE, LONGEST_PAUSE, READING, Line
from infra.eventlog.stopped import LogAway

THREADS: Final = 3
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of one page; a page holds one row at least."""

T = TypeVar("T")
Question = Callable[[Connection], T]


class _Lost(Exception):
    """The connection broke while it was asked."""


class Reading:
    """Questions are functions of a connection that only read, so that they may be asked again after it broke."""

    def __init__(self, url: str, patience: float) -> None:
        self._url = url
        self._patience = patience
        self._local = threading.local()
        self._lines: list[Line] = []
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="log-reader", initializer=self._open)

    async def ask(self, question: Question[T]) -> T:
        """Raises `LogAway` when the database stays away."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    async def value(self, statement: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        row = await self.ask(lambda db: db.execute(statement, values, binary=True).fetchone())
        return row[0] if row else None

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        for line in self._lines:
            line.drop()

    def _open(self) -> None:
        self._local.line = Line(self._url, self._patience, READING)
        self._lines.append(self._local.line)

    def _answer(self, question: Question[T]) -> T:
        line: Line = self._local.line
        deadline, pause = time.monotonic() + self._patience, FIRST_PAUSE
        while True:
            connection = line.connection()
            try:
                with line.stopping(_Lost):
                    return question(connection)
            except _Lost as why:
                if time.monotonic() > deadline:
                    raise LogAway(f"The database drops every connection ({why}). Check it.") from why
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


def page(db: Connection, statement: str, *values: object) -> list[StoredRow]:
    """Fewer rows than asked for when they are large, never none."""
    return db.execute(statement, (*values, LARGEST), binary=True).fetchall()
