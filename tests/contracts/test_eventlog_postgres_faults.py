"""The log on PostgreSQL when lines break, servers die and others hold the lock (record rules 6, 8 and 9)."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest

from hub.app.ports import Appended, LogStopped, Mark, Take
from hub.domain.ids import StreamId
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog.postgres import open_postgres_log, store
from infra.eventlog.postgres.store import settle
from infra.eventlog.stopped import LogAway, LogBusy, LogFull
from tests.contracts.eventlog_examples import ADA, BEN, KEY, drafts, names_of, postgres_store, request, write
from tests.servers.cutting import proxied
from tests.servers.postgres import running_or_skipped

LONG = bool(os.environ.get("AMENDS_TEST_LONG"))
CUTS, RESTARTS, HELD = (60, 10, 5.0) if LONG else (8, 1, 0.0)
APPENDERS = 50


@pytest.fixture
def ring():
    return MemoryRing()


@pytest.fixture
def proxy(postgres):
    with proxied(postgres.port) as proxy:
        yield proxy


def through(proxy, url, postgres):
    return url.replace(f":{postgres.port}/", f":{proxy.port}/")


async def until(question):
    async with asyncio.timeout(30):
        while not question():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)


# --- A lost answer ---


def a_batch(once):
    return drafts(
        request(write(ADA, 1, "a2", "a3"), once=(once,)),
        request(write(ADA, 1, "late")),
        request(once=(b"x" * 32,)),
        request(marks=(Mark(name="m", expected=None, new="1"),)),
        request(claims=(Take(key=KEY, stream=BEN),)),
    )


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_rule_9_a_line_cut_at_the_commit_is_looked_up_and_never_doubled(when, proxy, postgres, postgres_url):
    writer = postgres_store(through(proxy, postgres_url, postgres))
    settle(writer, drafts(request(write(ADA, 0, "a1"))))
    proxy.cut_next(when)
    head, answers = settle(writer, a_batch(KEY))
    assert (head, proxy.cuts) == (3, 1)
    assert [type(answer).__name__ for answer in answers] == ["Appended", "Conflict", *["Appended"] * 3]
    assert answers[0] == Appended(positions=(2, 3))
    assert settle(writer, drafts(request(write(ADA, 3, "a4"))))[1] == [Appended(positions=(4,))]
    writer.close()


def test_control_without_the_look_the_lost_answer_is_a_false_conflict(
    proxy, postgres, postgres_url, monkeypatch
):
    writer = postgres_store(through(proxy, postgres_url, postgres))
    settled = store.settled
    monkeypatch.setattr(store, "settled", lambda store, drafts, again=False: settled(store, drafts))
    settle(writer, drafts(request(write(ADA, 0, "a1"))))
    proxy.cut_next("after")
    assert not isinstance(settle(writer, a_batch(KEY))[1][0], Appended)
    writer.close()


def test_a_line_that_can_no_longer_be_written_to_is_a_lost_one(proxy, postgres, postgres_url):
    """libpq tells of it without a state, and its connection still looks good while a warning waits to be read."""
    writer = postgres_store(through(proxy, postgres_url, postgres))
    settle(writer, drafts(request(write(ADA, 0, "a1"))))
    proxy.go_down()
    assert settle(writer, drafts(request(write(ADA, 1, "a2"))))[1] == [Appended(positions=(2,))]
    writer.close()


def test_a_lock_left_behind_by_a_line_that_fell_silent_is_taken_back(proxy, postgres, postgres_url):
    writer = postgres_store(through(proxy, postgres_url, postgres))
    writer.begin()
    proxy.fall_silent()
    with psycopg.connect(postgres_url, autocommit=True) as db, pytest.raises(psycopg.errors.LockNotAvailable):
        db.execute("SELECT 1 FROM log.head FOR UPDATE NOWAIT")  # control: the server does not know yet
    _, answers = settle(writer, drafts(request(write(ADA, 0, "a"))))
    assert answers == [Appended(positions=(1,))]
    writer.close()


async def test_nothing_is_lost_or_doubled_while_lines_are_cut_again_and_again(
    proxy, postgres, postgres_url, ring
):
    log = await open_postgres_log(through(proxy, postgres_url, postgres), ring, is_durable=False)
    chance, done = random.Random(11), asyncio.Event()
    appenders = [asyncio.create_task(appended(log, done)) for _ in range(8)]
    for _ in range(CUTS):
        head = await log.head()
        await until_head(log, head + chance.randrange(1, 60))
        chance.choice([proxy.cut_all, lambda: proxy.cut_next(chance.choice(["before", "during", "after"]))])()
    done.set()
    await whole(log, await asyncio.gather(*appenders))
    await log.close()


async def until_head(log, position):
    async with asyncio.timeout(60):
        while await log.head() < position:  # noqa: ASYNC110 - the load goes on beside it
            await asyncio.sleep(0.005)


async def appended(log, done):
    """Its stream, and how far it was told to have come. Nobody else writes there, so any conflict is a false one."""
    stream, version = StreamId(uuid4()), 0
    while not done.is_set():
        names = ["x"] * (1 + version % 2)
        answer = await log.append(request(write(stream, version, *names), once=(os.urandom(32),)))
        assert isinstance(answer, Appended), answer
        version += len(names)
    return stream, version


async def whole(log, told):
    """What was acknowledged is there, once, without a hole; and nothing else is."""
    for stream, version in told:
        assert await log.version(stream) == version
    head = await log.head()
    positions = [fact.position for fact in await log.read_all(limit=head + 1)]
    assert positions == list(range(1, head + 1))
    assert head == sum(version for _, version in told)


# --- A server that dies ---


@pytest.fixture(scope="module")
def durable():
    with running_or_skipped({}) as cluster:
        yield cluster


async def test_a_server_killed_under_load_loses_nothing_acknowledged(durable, ring):
    log = await open_postgres_log(durable.lend(), ring)
    done = asyncio.Event()
    appenders = [asyncio.create_task(appended(log, done)) for _ in range(16)]
    for _ in range(RESTARTS):
        await until_head(log, await log.head() + 200)
        await asyncio.to_thread(durable.stop, "immediate")
        await asyncio.to_thread(durable.start)
    await until_head(log, await log.head() + 100)
    done.set()
    await whole(log, await asyncio.gather(*appenders))
    await log.close()


async def test_a_server_that_stays_away_pauses_the_log_and_a_server_that_is_back_goes_on(durable, ring):
    log = await open_postgres_log(durable.lend(), ring, patience=0.3)
    await log.append(request(write(ADA, 0, "before")))
    await asyncio.to_thread(durable.stop)
    with pytest.raises(LogAway, match="Start it"):
        await log.append(request(write(ADA, 1, "while away"), once=(KEY,)))
    with pytest.raises(LogAway):
        await log.read_all()
    await asyncio.to_thread(durable.start)
    assert await log.append(request(write(ADA, 1, "after"), once=(KEY,))) == Appended(positions=(2,))
    assert names_of(await log.read_all()) == ["before", "after"]
    await log.close()


async def test_rule_1_a_database_that_answers_before_it_synced_is_refused(durable, ring):
    url = durable.lend()
    durable.do(f"ALTER DATABASE {url.rsplit('/')[-1]} SET synchronous_commit = off")
    with pytest.raises(UnsafeStore, match="Set synchronous_commit = on"):
        await open_postgres_log(url, ring)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull, LogFull),
        (psycopg.errors.LockNotAvailable, LogBusy),
        (psycopg.errors.QueryCanceled, LogBusy),
        (psycopg.errors.DataCorrupted, LogStopped),
        (psycopg.errors.UndefinedTable, LogStopped),
    ],
)
def test_only_troubles_that_pass_let_the_log_go_on(error, kind, postgres_url, monkeypatch):
    writer = postgres_store(postgres_url)
    monkeypatch.setattr(writer, "_append", lambda *args: (_ for _ in ()).throw(error("trouble")))
    _, result = settle(writer, drafts(request(write(ADA, 0, "x"))))
    assert type(result) is kind
    writer.close()


# --- Somebody holds the lock ---


def waiting_for_a_lock(db):
    (found,) = db.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return found


async def test_rule_6_a_tailing_reader_skips_nothing_while_one_transaction_is_held(postgres_url, ring):
    """A foreign process is in the middle of its append: position 1 is taken but not to be seen yet."""
    log = await open_postgres_log(postgres_url, ring, is_durable=False)
    seen: list[int] = []
    reader = asyncio.create_task(tailed(log, seen))
    foreign = postgres_store(postgres_url)
    held = drafts(request(write(BEN, 0, "held")))
    foreign.begin()
    foreign.write(store.plan(held, foreign.load(held)))
    appends = [
        asyncio.create_task(log.append(request(write(StreamId(uuid4()), 0, "x")))) for _ in range(APPENDERS)
    ]
    with psycopg.connect(postgres_url, autocommit=True) as db:
        await until(lambda: waiting_for_a_lock(db))
    await asyncio.sleep(HELD)
    assert (await log.head(), seen, [one for one in appends if one.done()]) == (0, [], [])
    foreign.commit()
    positions = [answer.positions[0] for answer in await asyncio.gather(*appends)]
    await asyncio.wait_for(reader, 30)
    assert sorted(positions) == list(range(2, APPENDERS + 2))
    assert seen == list(range(1, APPENDERS + 2))
    foreign.close()
    await log.close()


async def tailed(log, seen):
    async for page in log.follow():
        seen += [fact.position for fact in page]
        if len(seen) > APPENDERS:
            return


def test_control_positions_from_a_sequence_are_skipped_by_a_tailing_reader(postgres_url):
    with (
        psycopg.connect(postgres_url, autocommit=True) as db,
        psycopg.connect(postgres_url) as slow,
    ):
        db.execute("CREATE TABLE public.foreign_log (position bigserial PRIMARY KEY, who text)")
        slow.execute("INSERT INTO foreign_log (who) VALUES ('held')")
        db.execute("INSERT INTO foreign_log (who) VALUES ('quick')")
        seen = [position for (position,) in db.execute("SELECT position FROM foreign_log")]
        slow.commit()
        seen += [
            position
            for (position,) in db.execute("SELECT position FROM foreign_log WHERE position > %s", seen)
        ]
        assert seen == [2], "position 1 was never seen"


async def test_a_session_that_is_closed_in_the_middle_leaves_nothing_behind(postgres_url, ring):
    foreign = postgres_store(postgres_url)
    held = drafts(request(write(BEN, 0, "held"), once=(KEY,)))
    foreign.begin()
    foreign.write(store.plan(held, foreign.load(held)))
    foreign.close()
    with suppress(LogStopped):
        foreign.roll_back()
    log = await open_postgres_log(postgres_url, ring, is_durable=False)
    assert await log.append(request(write(ADA, 0, "a"), once=(KEY,))) == Appended(positions=(1,))
    await log.close()
