"""A process that writes shared views and stands still in the midst of a page, with its connection open.

python -m tests.projections.still_child URL SCHEMA in|after
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from psycopg import Cursor

from infra.eventlog.memory import MemoryLog
from projections.postgres.store import Database, open_shared
from tests.projections.hubs import ALL
from tests.projections.test_runner import Recorder

MANY = 500
"""Rows of one statement: more than a pipeline keeps to itself."""


def stand_still() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


class Stopping(Cursor):
    """Stops its process before the last of many rows, or after them."""

    where = "after"

    def executemany(self, query: Any, rows: Any, **how: Any) -> None:
        if len(rows) < MANY:
            return super().executemany(query, rows, **how)
        super().executemany(query, stopping(rows) if self.where == "in" else rows, **how)
        return stand_still()


def stopping(rows: list[Any]) -> Iterator[Any]:
    yield from rows[:-1]
    stand_still()
    yield rows[-1]


async def many_facts() -> Any:
    recorder = Recorder(MemoryLog())
    for _ in range(MANY):
        await recorder.open_conversation(uuid4())
    return await recorder.log.read_all(limit=2 * MANY)


def write(url: str, schema: str, where: str) -> None:
    book = open_shared(Database(url=url, schema=schema), ALL, "one")
    assert book
    Stopping.where = where
    book.store.connection.cursor_factory = Stopping
    book.apply(asyncio.run(many_facts()))


if __name__ == "__main__":
    write(*sys.argv[1:])
