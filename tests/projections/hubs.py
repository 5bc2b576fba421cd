"""Hubs of several processes: each with its own readers, ears and pen, on a log and a database that all share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from infra.eventlog.memory import MemoryLog
from projections.pages import pages
from projections.postgres import others
from projections.postgres import rebuild as rebuilding
from projections.postgres import views as viewing
from projections.postgres.reading import open_reader
from projections.postgres.store import Database
from projections.postgres.views import SharedViews
from tests.projections.test_rebuild import Plain
from tests.projections.test_runner import Recorder, now

ALL = tuple(pages(Plain()))


class Hub(Recorder):
    """One process of several: its own readers, ears and pen, on a log and a database that all share."""

    def __init__(self, url: str, log: MemoryLog, *, writes: bool = True, schema: str = "views_1") -> None:
        super().__init__(log)
        self.database = Database(url=url, schema=schema)
        self.readers = open_reader(self.database)
        self.views = SharedViews(
            log=log, clock=now, patience=20.0, database=self.database, readers=self.readers,
            pages=lambda: pages(Plain()), incarnation="one", writes=writes,
        )  # fmt: skip

    def ask(self, question: Callable[..., Any], *args: Any) -> Any:
        with self.readers.connect() as connection:
            return question(connection, *args)

    def rows(self) -> dict[str, list[Any]]:
        return {
            table.name: sorted(map(repr, self.ask(lambda db, table=table: db.execute(table.select()).all())))
            for page in ALL
            for table in page.tables
        }

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.views.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
async def hubs(postgres_url: str, quick: None) -> AsyncIterator[Callable[..., Hub]]:
    made: list[Hub] = []

    def make(log: MemoryLog, **how: Any) -> Hub:
        made.append(Hub(postgres_url, log, **how))
        return made[-1]

    yield make
    for hub in made:
        hub.views.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "STAND_BY_S", 0.05)
    monkeypatch.setattr(rebuilding, "PAUSE_S", 0.05)
    monkeypatch.setattr(others, "LEFT_S", 0.2)


def said(url: str, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as db:
        done = db.execute(statement.encode(), values)
        return done.fetchall() if done.description else []


WRITERS = """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
WAITS = """SELECT 1 FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def schemas(url: str) -> list[str]:
    found = said(url, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^views_' ORDER BY 1")
    return [name for (name,) in found]
