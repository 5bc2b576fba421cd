"""Rows in PostgreSQL: grouped, undone one by one, and never given up because two processes met."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hub.app.ports import TablesAway
from infra.eventlog.postgres import rewriting
from infra.owned import StillBusy
from infra.postgres_rows import PostgresReader, PostgresRows
from infra.rows import Database

TABLES = "CREATE TABLE IF NOT EXISTS boxes (name text PRIMARY KEY, number bigint NOT NULL)"
PUT = "INSERT INTO boxes (name, number) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = boxes.number + 1"
NUMBER = "SELECT number FROM boxes WHERE name = ?"
SEND_AWAY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"


@pytest.fixture
def rows(postgres_url: str) -> Iterator[PostgresRows]:
    made = PostgresRows(postgres_url, "test_rows", TABLES, is_durable=False, patience=20)
    yield made
    made.close()


def put(name: str) -> Any:
    return lambda db: db.execute(PUT, (name,))


async def number(rows: PostgresRows, name: str) -> int:
    found = await rows.do(lambda db: db.execute(NUMBER, (name,)).fetchone())
    return found[0] if found else 0


async def test_a_step_that_raises_is_undone_alone(rows: PostgresRows) -> None:
    def fails(db: Database) -> None:
        db.execute(PUT, ("b",))
        raise ValueError("no")

    answers = await asyncio.gather(
        rows.do(put("a")), rows.do(fails), rows.do(put("c")), return_exceptions=True
    )
    assert isinstance(answers[1], ValueError)
    assert [await number(rows, name) for name in "abc"] == [1, 0, 1]


async def test_processes_that_lock_the_same_rows_in_another_order_both_get_through(
    postgres_url: str, rows: PostgresRows
) -> None:
    other = PostgresRows(postgres_url, "test_rows", TABLES, is_durable=False)
    meeting = threading.Barrier(2, timeout=20)

    def met(name: str) -> Any:
        rounds: list[int] = []

        def step(db: Database) -> None:
            db.execute(PUT, (name,))
            rounds.append(1)
            if len(rounds) == 1:
                meeting.wait()

        return step

    await asyncio.gather(
        *(rows.do(step) for step in (met("a"), put("b"))), *(other.do(step) for step in (met("b"), put("a")))
    )
    assert (await number(rows, "a"), await number(rows, "b")) == (2, 2)
    other.close()


async def test_a_connection_that_broke_before_the_commit_is_made_again(
    postgres_url: str, rows: PostgresRows
) -> None:
    tries: list[int] = []

    def step(db: Database) -> None:
        tries.append(1)
        if len(tries) == 1:
            with psycopg.connect(postgres_url) as another:
                another.execute(SEND_AWAY)
        db.execute(PUT, ("a",))

    await rows.do(step)
    assert len(tries) == 2 and await number(rows, "a") == 1


async def test_a_database_that_stays_away_is_told(
    rows: PostgresRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows._line._patience = 0.2
    rows._line.drop()
    rows._line._url = "postgresql://hub@127.0.0.1:1/none"
    with pytest.raises(TablesAway, match="AMENDS_DATABASE_URL"):
        await rows.do(put("a"))


def test_a_reader_comes_back_by_itself(postgres_url: str, rows: PostgresRows) -> None:
    rows.do_now(put("a"))
    reader = PostgresReader(postgres_url, "test_rows")
    assert reader.row(NUMBER, "a") == (1,)
    with psycopg.connect(postgres_url) as another:
        another.execute(SEND_AWAY)
    assert reader.row(NUMBER, "a") == (1,)
    reader.close()


async def test_what_passes_is_told_in_words_and_the_rows_go_on(rows: PostgresRows) -> None:
    """A full disk, a standby that took over: nobody's fault, and no reason to end."""

    def full(db: Database) -> None:
        raise psycopg.errors.DiskFull

    def standby(db: Database) -> None:
        db.execute("SET TRANSACTION READ ONLY")
        db.execute(PUT, ("a",))

    for step, words in ((full, "disk is full"), (standby, "Name the primary")):
        with pytest.raises(TablesAway, match=words):
            await rows.do(step)
    await rows.do(put("a"))
    assert await number(rows, "a") == 1


async def test_a_transaction_that_stood_still_and_was_ended_by_the_server_is_done_again(
    rows: PostgresRows,
) -> None:
    tries: list[int] = []

    def stands_still(db: Database) -> None:
        tries.append(1)
        if len(tries) == 1:
            db.execute("SET idle_in_transaction_session_timeout = '100ms'")
            threading.Event().wait(0.5)
        db.execute(PUT, ("a",))

    await rows.do(stands_still)
    assert (len(tries), await number(rows, "a")) == (2, 1)


async def test_record_rule_21_a_reader_that_holds_on_is_named_and_holds_nobody_up(
    rows: PostgresRows, postgres_url: str
) -> None:
    """`pg_dump` reads for as long as it takes. Who wrote the tables anew would wait for it, and everybody behind him."""
    with psycopg.connect(postgres_url) as dump:
        dump.execute("SELECT count(*) FROM test_rows.boxes")
        scrubbing = asyncio.create_task(
            asyncio.to_thread(rewriting.rewrite, postgres_url, "test_rows", patience=2)
        )
        async with asyncio.timeout(20):
            for _ in range(10):
                await rows.do(put("a"))
                await asyncio.sleep(0.1)
        with pytest.raises(StillBusy, match="boxes"):
            await scrubbing
    await rows.scrub()
    assert await number(rows, "a") == 10


async def test_record_rule_21_the_planner_remembers_no_value(rows: PostgresRows, postgres_url: str) -> None:
    for name in "abab":
        await rows.do(put(name))
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("CREATE TABLE test_rows.sampled AS TABLE test_rows.boxes")
        db.execute("ANALYZE")
        found = db.execute("SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'test_rows'")
        assert found.fetchall() == [("sampled",)], "negative control: as tables are otherwise"
