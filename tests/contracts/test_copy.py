"""A record moves from its file into PostgreSQL as it is, and not half."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from hub.app.ports import Appended, Mark, Take
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.eventlog import open_log
from infra.eventlog.postgres import copying, open_postgres_log
from infra.eventlog.postgres.copying import CopyProblem, copy_log
from tests.contracts.eventlog_examples import ADA, BEN, KEY, request, write


class Cut(BaseException):
    """The copy was killed here."""


@pytest.fixture
def ring():
    return MemoryRing()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(copying, "PAGE", 4)


@pytest.fixture
async def source(tmp_path, ring):
    """Ten facts of two customers, a once-key, a claim and a mark."""
    path = tmp_path / "log.sqlite"
    log = await open_log(path, ring)
    for version in range(5):
        await log.append(request(write(ADA, version, f"a{version}"), write(BEN, version, f"b{version} 订单")))
    taken = request(
        write(ADA, 5, "last"),
        once=(KEY,),
        claims=(Take(key=b"k" * 32, stream=ADA),),
        marks=(Mark(name="policy:x", expected=None, new="7"), Mark(name="Policy:x", expected=None, new="8")),
    )
    await log.append(taken)
    await log.close()
    return path


async def test_a_copy_that_is_whole_says_so_when_it_is_asked_for_again(source, durable_url, ring):
    copy_log(source, durable_url, lambda there, whole: None)
    with pytest.raises(CopyProblem, match="already, whole"):
        copy_log(source, durable_url, lambda there, whole: None)


async def test_everything_is_there_as_it_was_and_the_record_goes_on(source, durable_url, ring):
    seen = []
    done = copy_log(source, durable_url, lambda there, whole: seen.append((there, whole)))
    assert (done.events, done.once, done.claims, done.marks) == (11, 1, 1, 2)
    assert seen == [(4, 11), (8, 11), (11, 11)]
    before, after = await open_log(source, ring), await open_postgres_log(durable_url, ring)
    assert await after.read_all() == await before.read_all()
    assert await after.incarnation() == await before.incarnation() and after.workspace == before.workspace
    assert (await after.seen(KEY), await after.holder(b"k" * 32), await after.mark("policy:x")) == (
        11,
        ADA,
        "7",
    )
    assert (await after.order()).is_gapless
    assert await after.append(request(write(ADA, 6, "new"))) == Appended(positions=(12,))
    await before.close()
    await after.close()


async def test_a_copy_that_was_cut_short_opens_no_hub_and_goes_on(source, durable_url, ring):
    def cut(there, whole):
        if there == 8:
            raise Cut

    with pytest.raises(Cut):
        copy_log(source, durable_url, cut)
    with pytest.raises(UnsafeStore, match="amends copy"):
        await open_postgres_log(durable_url, ring)
    assert copy_log(source, durable_url).resumed_at == 8
    log = await open_postgres_log(durable_url, ring)
    assert await log.head() == 11
    await log.close()


async def test_a_database_with_another_record_is_left_alone(source, durable_url, ring):
    log = await open_postgres_log(durable_url, ring)
    await log.append(request(write(ADA, 0, "theirs")))
    await log.close()
    with pytest.raises(CopyProblem, match="another record"):
        copy_log(source, durable_url)
    log = await open_postgres_log(durable_url, ring)
    assert [fact.event.name for fact in await log.read_all()] == ["theirs"]
    await log.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE log.stored_events SET state = state || 'x'::bytea WHERE notification_id = 2",
        "UPDATE log.stored_events SET topic = 'customer.renamed.v1' WHERE notification_id = 3",
        "DELETE FROM log.stored_events WHERE notification_id = 1",
    ],
)
async def test_a_copy_that_differs_is_found_out_and_stays_closed(source, durable_url, ring, harm):
    def spoil(there, whole):
        if there == 4:
            with psycopg.connect(durable_url, autocommit=True) as db:
                db.execute(harm)

    with pytest.raises(CopyProblem, match="differs"):
        copy_log(source, durable_url, spoil)
    with pytest.raises(UnsafeStore, match="amends copy"):
        await open_postgres_log(durable_url, ring)


async def test_another_source_does_not_go_on_where_the_first_one_stopped(source, tmp_path, durable_url, ring):
    def cut(there, whole):
        raise Cut

    with pytest.raises(Cut):
        copy_log(source, durable_url, cut)
    with sqlite3.connect(source) as db:
        db.execute("UPDATE stored_events SET originator_version = 99 WHERE position = 4")
    with pytest.raises(CopyProblem, match="beginning of another record"):
        copy_log(source, durable_url)
