"""A process that stands still while it has shared views in its hands holds nobody up for long."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.eventlog.memory import MemoryLog
from projections import views
from projections.postgres import others
from projections.postgres import rebuild as rebuilding
from projections.postgres import store as storing
from projections.postgres.scrub import ALONE
from projections.postgres.store import SEND_AWAY, Database, open_shared, taken
from tests.projections.hubs import ALL, WAITS, WRITERS, said

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def stopped(database: Database, where: str) -> Iterator[None]:
    """Another process has begun a page and stands still."""
    program = [sys.executable, "-m", "tests.projections.still_child", database.url, database.schema, where]
    child = subprocess.Popen(program, cwd=ROOT)
    try:
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert child.poll() is None
        yield
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (storing, others):
        monkeypatch.setattr(module, "SEND_AWAY", SEND_AWAY.replace("15s", "300ms"))


@pytest.mark.parametrize("where", ["in", "after"])
async def test_another_takes_over_from_a_process_that_stands_still_amid_a_page(
    hubs: Any, soon: None, where: str
) -> None:
    """In a pipeline of rows and after it no time-out of the server's cuts it off."""
    hub = hubs(MemoryLog())
    with stopped(hub.database, where):
        async with hub.at_work():
            await hub.open_conversation(uuid4())
            await hub.views.reached(2)


@pytest.mark.parametrize("where", ["in", "after"])
async def test_a_rebuild_that_stands_still_is_not_waited_for(hubs: Any, soon: None, where: str) -> None:
    hub = hubs(MemoryLog())
    with stopped(hub.database.next(), where):
        await hub.open_conversation(uuid4())
        async with hub.at_work():
            await hub.views.everywhere(2, patience=20)


async def test_a_switch_that_stands_still_does_not_keep_readers_out(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.views.reached(0)
        still = hub.database.connected(rebuilding.SWITCHING.replace("60s", "300ms"))
        still.execute("BEGIN")
        still.execute(ALONE)
        assert await asyncio.to_thread(hub.ask, views.position) == 0
        with pytest.raises(psycopg.Error):
            still.execute("SELECT 1")


async def test_a_writer_that_waits_for_the_server_is_not_sent_away(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "SEND_AWAY", SEND_AWAY.replace("15s", "0s"))
    hub = hubs(MemoryLog())
    book = open_shared(hub.database, ALL, "one")
    assert book
    await hub.open_conversation(uuid4())
    facts = await hub.log.read_all()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        assert not taken(other, hub.database.schema), "at rest, too, it stays"
        with other.transaction():
            other.execute("LOCK TABLE views_1.projections")
            page = asyncio.create_task(asyncio.to_thread(book.apply, facts))
            while not said(postgres_url, WAITS):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert not taken(other, hub.database.schema)
        await page
    assert len(said(postgres_url, WRITERS)) == 1
    book.close()
