"""What the log on PostgreSQL promises beyond the port: verified plans, the library's eyes, news, refusals (record rules 1 to 8)."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.app.ports import Appended, Conflict, Request, Take, Write
from hub.domain.customer.events import CustomerOpened
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog import news
from infra.eventlog.committer import settled
from infra.eventlog.postgres import open_postgres_log, reading, renew_postgres_incarnation, statements
from infra.eventlog.postgres.store import settle
from infra.eventlog.stopped import LogBusy
from tests.contracts.eventlog_examples import (
    ADA,
    BEN,
    KEY,
    drafts,
    envelope,
    names_of,
    postgres_store,
    request,
    write,
)
from tests.contracts.test_eventlog_batches import STREAMS, Model, requests

EXAMPLES = 600 if os.environ.get("AMENDS_TEST_LONG") else 40
EMPTY = """DELETE FROM log.stored_events; DELETE FROM log.once; DELETE FROM log.claims; DELETE FROM log.marks;
    UPDATE log.head SET position = 0, recorded_at = 0, revision = revision + 1"""


@pytest.fixture
def ring():
    return MemoryRing()


@pytest.fixture
async def log(postgres_url, ring):
    log = await open_postgres_log(postgres_url, ring, is_durable=False)
    yield log
    await log.close()


@pytest.fixture
def by_hand(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as db:
        yield db


@pytest.fixture
def stores(postgres_url):
    """Two writers, as in two processes, each with what it remembers."""
    made = [postgres_store(postgres_url) for _ in range(2)]
    yield made
    for store in made:
        store.close()


# --- A plan is verified under the lock ---

ways = st.sampled_from([settle, settled])
steps = st.lists(st.tuples(st.integers(0, 1), ways, st.lists(requests, max_size=6)), max_size=6)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_the_database_judges_as_if_each_request_came_alone(steps, stores, by_hand):
    """Whichever process sends it, in one call or step by step."""
    by_hand.execute(EMPTY)
    model = Model()
    for writer, way, asked in steps:
        head, answers = way(stores[writer], drafts(*asked))
        assert list(answers) == [model.append(one) for one in asked]
        assert head == len(model.events)
    rows = by_hand.execute(
        "SELECT originator_id, originator_version FROM log.stored_events ORDER BY notification_id"
    )
    assert rows.fetchall() == model.events
    assert dict(by_hand.execute("SELECT key, position FROM log.once")) == model.once
    assert dict(by_hand.execute("SELECT key, stream FROM log.claims")) == model.claims
    assert dict(by_hand.execute("SELECT name, value FROM log.marks")) == model.marks


def test_a_batch_is_one_call_and_two_when_somebody_is_wrong(stores, monkeypatch):
    store, calls = stores[0], []
    append = store._append
    monkeypatch.setattr(store, "_append", lambda *args: (calls.append(1), append(*args))[1])
    settle(store, drafts(*(request(write(stream, 0, "x"), once=(stream.bytes,)) for stream in STREAMS)))
    settle(store, drafts(*(request(write(stream, 1, "y")) for stream in STREAMS)))
    assert len(calls) == 2
    settle(stores[1], drafts(request(write(ADA, 2, "the other process"))))
    assert settle(store, drafts(request(write(ADA, 0, "late"))))[1] == [Conflict(stream=ADA, actual=3)]
    assert len(calls) == 4


def test_control_a_plan_that_is_not_verified_would_be_wrong(stores, by_hand):
    """Each writer remembers what it wrote itself; without the look under the lock the second would not hear of the first."""
    function = statements.CREATE[1].replace("IF NOT is_so OR", "is_so := true; IF")
    assert function != statements.CREATE[1]
    by_hand.execute(function)
    take = [request(claims=(Take(key=KEY, stream=stream),)) for stream in (ADA, BEN)]
    answers = [settle(store, drafts(one))[1][0] for store, one in zip(stores, take, strict=True)]
    assert answers == [Appended(positions=())] * 2


def test_control_memory_is_not_trusted_once_somebody_else_wrote(stores, by_hand):
    function = statements.CREATE[1].replace("head_revision = known_revision", "true")
    by_hand.execute(function)
    ours, theirs = stores
    settle(ours, drafts(request(write(ADA, 0, "ours"))))
    settle(theirs, drafts(request(write(ADA, 1, "theirs"))))
    _, answer = settle(ours, drafts(request(write(ADA, 1))))
    assert answer == [Appended(positions=())], "a stale check passes, as the memory is believed"


def test_rule_4_recorded_at_never_goes_back_though_the_clock_does(postgres_url, by_hand):
    clock = iter([500, 400, 600])
    store = postgres_store(postgres_url, lambda: next(clock))
    for version in range(3):
        settle(store, drafts(request(write(ADA, version, "x"))))
    states = by_hand.execute("SELECT state FROM log.stored_events ORDER BY notification_id").fetchall()
    assert [int.from_bytes(state[1:9]) for (state,) in states] == [500, 500, 600]
    store.close()


async def test_rule_4_the_bytes_are_those_of_every_store(log, by_hand):
    opened = CustomerOpened(channel="email", name="Ada")
    asked = Request(envelope=envelope(cause=7), writes=(Write(stream=ADA, expected=0, events=(opened,)),))
    await log.append(asked)
    stream, version, topic, state, position = by_hand.execute("SELECT * FROM log.stored_events").fetchone()
    assert (stream, version, topic, position) == (ADA, 1, "customer.opened.v1", 1)
    assert (state[0], state[25:41], int.from_bytes(state[41:49])) == (1, asked.envelope.command.bytes, 7)
    assert log.codec.open((1, ADA.hex, 1, topic, state)).event == opened


# --- The library's eyes ---


@pytest.fixture
def recorder(postgres_url, log):
    parts = psycopg.conninfo.conninfo_to_dict(postgres_url)
    datastore = PostgresDatastore(
        parts["dbname"],
        parts["host"],
        parts["port"],
        parts["user"],
        "",
        schema="log",
        originator_id_type="uuid",
    )
    yield PostgresApplicationRecorder(datastore)
    datastore.close()


async def test_the_librarys_own_recorder_selects_our_notifications_and_events(log, recorder):
    await log.append(request(write(ADA, 0, "a1", "a2"), write(BEN, 0, "b1")))
    found = recorder.select_notifications(start=2, limit=10)
    assert [(one.id, one.originator_id, one.originator_version) for one in found] == [
        (2, ADA, 2),
        (3, BEN, 1),
    ]
    assert recorder.max_notification_id() == 3
    assert [one.originator_version for one in recorder.select_events(ADA, gt=1)] == [2]


async def test_the_librarys_own_application_shows_our_notification_log(log, postgres_url):
    await log.append(request(write(ADA, 0, "a1", "a2")))
    parts = psycopg.conninfo.conninfo_to_dict(postgres_url)

    class Stored(Application):
        name = "stored"

    app = Stored(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts["dbname"],
            "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": parts["port"],
            "POSTGRES_USER": parts["user"],
            "POSTGRES_PASSWORD": "",
            "POSTGRES_SCHEMA": "log",
            "CREATE_TABLE": "no",
        }
    )
    assert [one.id for one in app.notification_log.select(1, 10)] == [1, 2]
    app.close()


async def test_rule_6_a_foreign_writer_fails(log, recorder, by_hand):
    foreign = StoredEvent(originator_id=uuid4(), originator_version=1, topic="x", state=b"")
    recorder.create_table()
    with pytest.raises(Exception, match="notification_id"):
        recorder.insert_events([foreign])
    with pytest.raises(psycopg.errors.NotNullViolation):
        by_hand.execute(
            "INSERT INTO log.stored_events (originator_id, originator_version, topic, state) VALUES (%s, 1, 'x', '')",
            (BEN,),
        )
    assert await log.head() == 0


# --- Opening ---


async def test_rule_1_a_server_that_does_not_sync_is_refused_by_name(postgres_url, ring):
    with pytest.raises(UnsafeStore, match=r"fsync = off.*Set fsync = on"):
        await open_postgres_log(postgres_url, ring)


async def test_processes_that_start_together_make_one_log(postgres_url, ring):
    logs = await asyncio.gather(*(open_postgres_log(postgres_url, ring, is_durable=False) for _ in range(6)))
    assert len({await log.incarnation() for log in logs}) == len({log.workspace for log in logs}) == 1
    await asyncio.gather(*(log.append(request(write(ADA, n, "x"))) for n, log in enumerate(logs)))
    for log in logs:
        await log.close()


async def test_rule_6_a_restored_log_has_a_new_incarnation(log, postgres_url, ring):
    await log.append(request(write(ADA, 0, "a")))
    fresh = renew_postgres_incarnation(postgres_url)
    again = await open_postgres_log(postgres_url, ring, is_durable=False)
    assert await log.incarnation() != fresh == await again.incarnation()
    assert (again.workspace, names_of(await again.read_all())) == (log.workspace, ["a"])
    await again.close()


# --- Reading ---


async def test_a_page_of_large_facts_is_shorter_and_never_empty(log, monkeypatch):
    await log.append(request(write(ADA, 0, *(chr(97 + n) * 50 for n in range(6)))))
    size = len(await log._reading.value("SELECT state FROM log.stored_events LIMIT 1"))
    monkeypatch.setattr(reading, "LARGEST", 2 * size)
    assert len(await log.read_all()) == 2
    monkeypatch.setattr(reading, "LARGEST", 1)
    assert len(await log.read_all(after=3)) == 1
    assert len(await log.read_stream(ADA)) == 6


async def test_rule_1_readers_only_read(log):
    with pytest.raises(LogBusy, match="only reads"):
        await log._reading.value("UPDATE log.head SET position = 9")


async def listening(log, heard, enough):
    async for page in log.follow():
        heard += names_of(page)
        if len(heard) >= enough:
            return


async def until(question):
    async with asyncio.timeout(20):
        while not question():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)


def listeners(db):
    found = db.execute(
        "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN amends_log' OR query = %s",
        (statements.SELECT_HEAD,),
    )
    return [pid for (pid,) in found]


async def test_other_processes_are_heard_at_once_and_again_after_the_line_was_cut(
    log, postgres_url, ring, by_hand, monkeypatch
):
    """Without the slow poll nothing but NOTIFY can wake the follower."""
    monkeypatch.setattr(news, "POLL", 3600)
    other = await open_postgres_log(postgres_url, ring, is_durable=False)
    heard: list[str] = []
    follower = asyncio.create_task(listening(log, heard, 2))
    await other.append(request(write(ADA, 0, "heard")))
    await until(lambda: heard == ["heard"])
    cut = listeners(by_hand)
    by_hand.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", (cut,))
    await until(lambda: len(set(listeners(by_hand)) - set(cut)) >= 2)
    await other.append(request(write(ADA, 1, "heard again")))
    await asyncio.wait_for(follower, 20)
    assert heard == ["heard", "heard again"]
    await other.close()


async def test_control_a_follower_that_hears_nothing_still_looks(log, postgres_url, ring):
    log._listener.cancel()
    other = await open_postgres_log(postgres_url, ring, is_durable=False)
    heard: list[str] = []
    follower = asyncio.create_task(listening(log, heard, 1))
    await asyncio.sleep(0)
    await other.append(request(write(ADA, 0, "seen later")))
    await asyncio.wait_for(follower, 20)
    await other.close()


# --- Erasure ---


def file_of(postgres, db, table):
    db.execute("CHECKPOINT")
    (path,) = db.execute("SELECT pg_relation_filepath(%s)", (table,)).fetchone()
    return (postgres.data / path).read_bytes()


async def test_rule_21_a_released_claim_is_gone_from_the_tables_file(log, postgres, by_hand):
    key, kept = os.urandom(32), os.urandom(32)
    await log.append(request(claims=(Take(key=key, stream=ADA), Take(key=kept, stream=BEN))))
    by_hand.execute("DELETE FROM log.claims WHERE key = %s", (key,))
    assert key in file_of(postgres, by_hand, "log.claims"), "control: a deleted row stays in the file"
    await log.scrub()
    contents = file_of(postgres, by_hand, "log.claims")
    assert key not in contents and kept in contents
    assert await log.holder(kept) == BEN
    assert await log.append(request(write(UUID(int=9), 0, "goes on"))) == Appended(positions=(1,))
