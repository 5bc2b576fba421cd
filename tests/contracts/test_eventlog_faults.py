"""The log when things break: full disks, failed syncs, lost answers, kills (record rules 8 and 9)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

import pytest

from hub.app.ports import Appended, Conflict, LogStopped, Mark
from infra.codec import Codec, MemoryRing
from infra.eventlog import LogBusy, LogFull, open_log
from infra.eventlog.committer import MOST_BYTES, MOST_EVENTS, Committer, Ready, next_batch, settled
from infra.eventlog.drafting import sealed_all, sealing
from infra.eventlog.log import microseconds
from infra.eventlog.memory import MemoryStore
from infra.eventlog.sqlite import SQLiteStore, stopped_by
from infra.eventlog.store import OutcomeUnknown
from tests.contracts.eventlog_examples import ADA, BEN, KEY, names_of, postgres_store, request, write

ROOT = Path(__file__).resolve().parents[2]
KILLS = 60 if os.environ.get("AMENDS_TEST_LONG") else 6


@pytest.fixture
def ring():
    return MemoryRing()


def store_of(kind, request, tmp_path):
    if kind == "postgres":
        return postgres_store(request.getfixturevalue("postgres_url"))
    return MemoryStore(microseconds) if kind == "memory" else SQLiteStore(tmp_path / "log.db", microseconds)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request, tmp_path):
    made = store_of(request.param, request, tmp_path)
    yield made
    made.close()


async def draft(asked, ring):
    for one in asked.writes:
        await ring.ensure(one.stream)
    return sealed_all(Codec(ADA, ring), [asked])[0]


def committer_of(store, ring):
    return Committer(store, sealing(Codec(ADA, ring)), lambda head: None)


# --- A lost answer ---


def lose_answer(store, *, committed):
    """The next commit does, or does not, go through; either way nobody is told."""
    commit = store.commit

    def lost():
        store.commit = commit
        if committed:
            commit()
        raise OutcomeUnknown

    store.commit = lost


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_of_unknown_outcome_is_looked_up_and_never_doubled(store, ring, committed):
    settled(store, [await draft(request(write(BEN, 0, "b")), ring)])
    batch = [
        await draft(request(write(ADA, 0, "a1", "a2"), once=(KEY,)), ring),
        await draft(request(write(ADA, 0, "late")), ring),
        await draft(request(once=(b"x" * 32,)), ring),
        await draft(request(marks=(Mark(name="m", expected=None, new="1"),)), ring),
    ]
    lose_answer(store, committed=committed)
    head, answers = settled(store, batch)
    assert head == 3
    assert answers == [
        Appended(positions=(2, 3)),
        Conflict(stream=ADA, actual=2),
        Appended(positions=()),
        Appended(positions=()),
    ]


async def test_record_rule_9_an_event_that_another_put_there_by_the_same_command_is_not_taken_for_ones_own(
    store, ring
):
    """Two processes derive the same command id for one attempt at a letter. Who took over recorded it; who comes late did not."""
    late = request(write(ADA, 0, "attempt"))
    lost, taken_over = await draft(late, ring), await draft(late, ring)
    settled(store, [taken_over])
    _, (answer,) = settled(store, [lost], again=True)
    assert answer == Conflict(stream=ADA, actual=1)
    _, (own,) = settled(store, [taken_over], again=True)
    assert own == Appended(positions=(1,))


async def test_a_database_that_never_says_stops_the_log(store, ring):
    store.commit = lambda: (_ for _ in ()).throw(OutcomeUnknown)
    _, result = settled(store, [await draft(request(write(ADA, 0, "a")), ring)])
    assert isinstance(result, LogStopped)


# --- Disk trouble ---


async def test_a_full_disk_acknowledges_nothing_and_passes(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    await log.append(request(write(ADA, 0, "a")))
    db = log._committer._store._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    noise = random.Random(1).randbytes(50_000).hex()
    with pytest.raises(LogFull):
        await log.append(request(write(ADA, 1, noise), once=(KEY,)))
    assert (await log.version(ADA), await log.seen(KEY), await log.head()) == (1, None, 1)
    db.execute("PRAGMA max_page_count = 1000000")
    assert await log.append(request(write(ADA, 1, noise), once=(KEY,))) == Appended(positions=(2,))
    await log.close()


async def test_a_failed_sync_stops_the_log_for_good(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    store = log._committer._store
    store.commit = lambda: (_ for _ in ()).throw(LogStopped("disk I/O error"))
    asked = [log.append(request(write(ADA, n, "x"))) for n in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    del store.commit
    assert {type(answer) for answer in answers} == {LogStopped}
    with pytest.raises(LogStopped):
        await log.append(request(write(BEN, 0, "never tried")))
    assert await log.head() == 0
    await log.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, LogFull),
        (sqlite3.SQLITE_BUSY, LogBusy),
        (sqlite3.SQLITE_IOERR_FSYNC, LogStopped),
        (sqlite3.SQLITE_IOERR_WRITE, LogStopped),
        (sqlite3.SQLITE_CORRUPT, LogStopped),
    ],
)
def test_only_troubles_that_pass_let_the_log_go_on(code, kind):
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code
    assert type(stopped_by(error)) is kind


async def test_a_closed_log_finishes_what_was_asked_and_refuses_the_rest(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    asked = [asyncio.create_task(log.append(request(write(ADA, n, "x")))) for n in range(3)]
    await asyncio.sleep(0)
    await log.close()
    assert [await task for task in asked] == [Appended(positions=(n + 1,)) for n in range(3)]
    with pytest.raises(LogStopped):
        await log.append(request(write(ADA, 3, "x")))


# --- The batch ---


async def test_what_arrives_while_a_commit_runs_is_committed_together(ring):
    store, held, go = MemoryStore(microseconds), threading.Event(), threading.Event()
    sizes, commit, plan_of = [], store.commit, store.write

    def slow():
        held.set()
        assert go.wait(20)
        commit()

    store.write = lambda outcome: (sizes.append(len(outcome.rows)), plan_of(outcome))
    store.commit = slow
    committer = committer_of(store, ring)
    first = asyncio.create_task(committer.commit(request(write(ADA, 0, "first"))))
    await asyncio.to_thread(held.wait, 20)
    requests = [request(write(ADA, n, "x")) for n in range(1, 31)]
    rest = [asyncio.create_task(committer.commit(one)) for one in requests]
    await asyncio.sleep(0)
    assert not first.done()
    go.set()
    await asyncio.gather(first, *rest)
    assert sizes == [1, 30]
    await committer.close()


async def test_a_batch_is_bounded_in_events_and_in_bytes(ring):
    loop = asyncio.get_running_loop()
    small = [
        Ready(await draft(request(write(ADA, 0, "x")), ring), loop.create_future())
        for _ in range(MOST_EVENTS + 1)
    ]
    assert len(next_batch(deque(small))) == MOST_EVENTS
    noise = random.Random(1).randbytes(MOST_BYTES).hex()
    huge = Ready(await draft(request(write(ADA, 0, noise)), ring), loop.create_future())
    assert len(next_batch(deque([huge, huge]))) == 1


async def test_nobody_is_answered_before_the_commit(ring):
    store, held, go = MemoryStore(microseconds), threading.Event(), threading.Event()
    commit = store.commit
    store.commit = lambda: (held.set(), go.wait(20), commit())
    committer = committer_of(store, ring)
    task = asyncio.create_task(committer.commit(request(write(ADA, 0, "x"))))
    await asyncio.to_thread(held.wait, 20)
    assert not task.done() and store.rows == []
    go.set()
    await task
    await committer.close()


# --- Kills ---

CHILD = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
from infra.codec import MemoryRing
from infra.eventlog import open_log
from hub.app.ports import Request, Write
from tests.contracts.eventlog_examples import envelope, named

async def main(path, early):
    log = await open_log(Path(path), MemoryRing())

    async def write():
        stream, version = uuid4(), 0
        while True:
            events = named("a", "b")[: 1 + version % 2]
            if early:
                print(stream.hex, version + len(events), flush=True)
            await log.append(Request(envelope=envelope(), writes=(Write(stream=stream, expected=version, events=events),)))
            version += len(events)
            print(stream.hex, version, flush=True)

    await asyncio.gather(*(write() for _ in range(8)))

asyncio.run(main(sys.argv[1], sys.argv[2] == "early"))
"""


def killed(path, acknowledgements, *, early=False):
    """Run a writer, kill it after so many acknowledgements, and give back the last version it acknowledged of each stream."""
    command = [sys.executable, "-c", CHILD, str(path), "early" if early else "late"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    told: list[str] = []
    for line in child.stdout:
        told.append(line)
        if len(told) == acknowledgements:
            child.send_signal(signal.SIGKILL)
    child.wait()
    whole = [line.split() for line in told if line.endswith("\n")]
    versions: dict[str, int] = {}
    for stream, version in whole:
        versions[stream] = max(int(version), versions.get(stream, 0))
    return versions


def on_record(path):
    db = sqlite3.connect(path)
    positions = [row[0] for row in db.execute("SELECT position FROM stored_events ORDER BY position")]
    head = db.execute("SELECT position FROM head").fetchone()[0]
    versions = dict(db.execute("SELECT originator_id, COUNT(*) FROM stored_events GROUP BY 1"))
    highest = dict(db.execute("SELECT originator_id, MAX(originator_version) FROM stored_events GROUP BY 1"))
    db.close()
    assert positions == list(range(1, head + 1)), "a hole, or a head that does not fit"
    assert versions == highest, "a stream has a hole"
    return highest


def lost(told, kept):
    return [stream for stream, version in told.items() if kept.get(stream, 0) < version]


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    chance, told = random.Random(7), {}
    for _ in range(KILLS):
        told |= killed(tmp_path / "log.db", chance.randrange(1, 800))
        assert lost(told, on_record(tmp_path / "log.db")) == []
    assert len(told) > KILLS


def test_control_a_log_that_answers_before_its_commit_is_caught(tmp_path):
    """A kill that happens to fall right after a commit loses nothing even so: one of twenty does not."""
    chance = random.Random(8)
    deaths = (killed(tmp_path / "log.db", chance.randrange(100, 500), early=True) for _ in range(20))
    assert any(lost(told, on_record(tmp_path / "log.db")) for told in deaths)


async def test_a_reopened_log_goes_on_where_it_was(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    await log.append(request(write(ADA, 0, "a")))
    incarnation, workspace = await log.incarnation(), log.workspace
    await log.close()
    again = await open_log(tmp_path / "log.db", ring)
    assert (await again.incarnation(), again.workspace) == (incarnation, workspace)
    assert await again.append(request(write(ADA, 1, "b"))) == Appended(positions=(2,))
    assert names_of(await again.read_all()) == ["a", "b"]
    await again.close()
