"""What every implementation of the `EventLog` port promises."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from uuid import uuid4

import pytest

from hub.app.kinds import CUSTOMER
from hub.app.ports import AlreadyDone, Appended, Conflict, Mark, Release, Request, Take, Taken, Write
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.domain.account.events import LetterParked
from hub.domain.conversation.events import NoteAdded
from hub.domain.customer.events import CustomerNamed, CustomersLinked
from hub.domain.ids import BlobId, ConversationId, CustomerId, NoteId, StreamId
from hub.domain.vocabulary import ERASED, Opaque
from infra.codec import MemoryRing, Sealed
from infra.eventlog import MemoryLog, open_log, order
from infra.eventlog.postgres import open_postgres_log
from tests.contracts.eventlog_examples import (
    ADA,
    BEN,
    KEY,
    OTHER_KEY,
    envelope,
    named,
    names_of,
    request,
    write,
)


@pytest.fixture
def ring():
    return MemoryRing()


async def opened(kind, request, tmp_path, ring):
    if kind == "postgres":
        return await open_postgres_log(request.getfixturevalue("postgres_url"), ring, is_durable=False)
    return MemoryLog(ring) if kind == "memory" else await open_log(tmp_path / "log.db", ring)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def log(request, tmp_path, ring):
    log = await opened(request.param, request, tmp_path, ring)
    yield log
    await log.close()


async def test_what_is_appended_is_read_back_with_its_envelope(log):
    asked = request(write(ADA, 0, "Ada", "Countess"))
    assert await log.append(asked) == Appended(positions=(1, 2))
    first, second = await log.read_stream(ADA)
    assert (first.position, first.stream, first.version, first.name) == (1, ADA, 1, "customer.named.v1")
    assert (second.position, second.version) == (2, 2)
    assert (first.event, second.event) == named("Ada", "Countess")
    assert first.envelope == asked.envelope
    assert len(first.nonce) == 16 and first.nonce != second.nonce
    assert first.recorded_at <= second.recorded_at


@pytest.fixture(params=["sqlite", "postgres"])
async def kept(request, tmp_path, ring):
    """A log that outlives its process."""
    log = await opened(request.param, request, tmp_path, ring)
    yield log
    await log.close()


async def test_facts_are_found_by_their_names_across_steps(kept, monkeypatch):
    monkeypatch.setattr(order, "STEP", 2)
    await kept.append(request(write(ADA, 0, "a1", "a2"), write(BEN, 0, "b1")))
    found = await kept.named(["customer.named.v1", "letter.parked.v1"])
    assert names_of(found) == ["a1", "a2", "b1"]
    assert await kept.named(["letter.parked.v1"]) == []


async def test_order_is_told_as_of_one_moment(kept):
    assert (await kept.order()).is_gapless
    await kept.append(request(write(ADA, 0, "a1", "a2"), write(BEN, 0, "b1")))
    told = await kept.order()
    assert told.is_gapless and (told.events, told.last, told.head, told.broken) == (3, 3, 3, ())


async def test_several_streams_are_written_together_in_order(log):
    await log.append(request(write(ADA, 0, "a1")))
    answer = await log.append(request(write(BEN, 0, "b1", "b2"), write(ADA, 1, "a2")))
    assert answer == Appended(positions=(2, 3, 4))
    assert names_of(await log.read_all()) == ["a1", "b1", "b2", "a2"]
    assert (await log.version(ADA), await log.version(BEN), await log.head()) == (2, 2, 4)


async def test_a_stale_version_is_a_conflict_and_nothing_of_the_request_stays(log):
    await log.append(request(write(ADA, 0, "a1")))
    stale = request(
        write(BEN, 0, "b1"),
        write(ADA, 0, "late"),
        once=(KEY,),
        claims=(Take(key=KEY, stream=BEN),),
        marks=(Mark(name="m", expected=None, new="1"),),
    )
    assert await log.append(stale) == Conflict(stream=ADA, actual=1)
    assert (await log.head(), await log.version(BEN)) == (1, 0)
    assert (await log.seen(KEY), await log.holder(KEY), await log.mark("m")) == (None, None, None)


async def test_a_write_without_events_only_checks(log):
    await log.append(request(write(ADA, 0, "a1")))
    assert await log.append(request(write(ADA, 1))) == Appended(positions=())
    assert await log.append(request(write(ADA, 0), write(BEN, 0, "b1"))) == Conflict(stream=ADA, actual=1)
    assert await log.version(BEN) == 0


async def test_a_request_may_do_nothing_at_all(log):
    assert await log.append(request()) == Appended(positions=())
    assert await log.head() == 0


async def test_a_once_key_works_once_and_tells_where(log):
    await log.append(request(write(BEN, 0, "b1")))
    await log.append(request(write(ADA, 0, "a1", "a2"), once=(KEY,)))
    again = request(write(ADA, 0, "a1"), once=(OTHER_KEY, KEY), claims=(Take(key=KEY, stream=ADA),))
    assert await log.append(again) == AlreadyDone(positions=(2,))
    assert (await log.seen(KEY), await log.seen(OTHER_KEY), await log.holder(KEY)) == (2, None, None)


async def test_a_once_key_without_events_stands_at_zero(log):
    assert await log.append(request(once=(KEY,))) == Appended(positions=())
    assert await log.seen(KEY) == 0
    assert await log.append(request(once=(KEY,))) == AlreadyDone(positions=(0,))


async def test_a_claim_has_one_holder_until_it_is_released(log):
    await log.append(request(claims=(Take(key=KEY, stream=ADA),)))
    assert await log.append(request(claims=(Take(key=KEY, stream=ADA),))) == Appended(positions=())
    assert await log.append(request(write(BEN, 0, "b"), claims=(Take(key=KEY, stream=BEN),))) == Taken(
        key=KEY, holder=ADA
    )
    assert await log.append(request(claims=(Release(key=KEY, stream=BEN),))) == Appended(positions=())
    assert (await log.holder(KEY), await log.claims_of(ADA)) == (ADA, [KEY])
    swap = request(claims=(Release(key=KEY, stream=ADA), Take(key=KEY, stream=BEN)))
    assert await log.append(swap) == Appended(positions=())
    assert (await log.holder(KEY), await log.claims_of(ADA), await log.version(BEN)) == (BEN, [], 0)


async def test_a_mark_moves_only_from_where_it_stands(log):
    assert await log.append(request(marks=(Mark(name="m", expected=None, new="1"),))) == Appended(
        positions=()
    )
    assert await log.append(request(marks=(Mark(name="m", expected=None, new="2"),))) == Conflict(stream=None)
    assert await log.append(request(marks=(Mark(name="m", expected="1", new="2"),))) == Appended(positions=())
    assert (await log.mark("m"), await log.mark("other")) == ("2", None)


async def test_positions_have_no_holes_whoever_loses(log):
    async def race(name):
        for expected in range(10):
            await log.append(request(write(ADA, expected, name)))

    await asyncio.gather(*(race(f"writer {n}") for n in range(8)))
    facts = await log.read_all()
    assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
    assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))


async def test_reading_takes_a_start_and_a_limit(log):
    await log.append(request(write(ADA, 0, *"abcde")))
    assert names_of(await log.read_all(after=1, limit=2)) == ["b", "c"]
    assert names_of(await log.read_stream(ADA, after=3)) == ["d", "e"]
    assert names_of(await log.read_stream(ADA, limit=1)) == ["a"]
    assert await log.read_stream(BEN) == await log.read_all(after=5) == []


async def test_a_follower_gets_what_is_there_and_then_what_comes(log):
    heard: list[str] = []

    async def listen():
        async for page in log.follow(after=1, limit=2):
            heard.extend(names_of(page))
            if len(heard) == 5:
                return

    await log.append(request(write(ADA, 0, *"abcd")))
    listener = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await log.append(request(write(ADA, 4, "e")))
    await log.append(request(write(ADA, 5, "f")))
    await asyncio.wait_for(listener, 20)
    assert heard == list("bcdef")


async def test_ten_megabytes_in_one_event_are_kept_whole(log):
    huge = random.Random(1).randbytes(5_000_000).hex()
    note = NoteAdded(note=NoteId(uuid4()), conversation=ConversationId(uuid4()), text=huge)
    await log.append(Request(envelope=envelope(), writes=(Write(stream=ADA, expected=0, events=(note,)),)))
    (fact,) = await log.read_stream(ADA)
    assert fact.event == note


async def test_twenty_thousand_events_in_one_append(log):
    answer = await log.append(request(write(ADA, 0, *("x",) * 20_000)))
    assert answer == Appended(positions=tuple(range(1, 20_001)))
    assert (await log.version(ADA), await log.head()) == (20_000, 20_000)
    assert len(await log.read_stream(ADA, after=18_500)) == 1_500


async def test_many_appends_at_once_all_succeed(log):
    streams = [StreamId(uuid4()) for _ in range(700)]
    answers = await asyncio.gather(*(log.append(request(write(stream, 0, "a", "b"))) for stream in streams))
    assert sorted(position for answer in answers for position in answer.positions) == list(range(1, 1401))


async def test_a_destroyed_key_leaves_the_open_part_and_the_count(log, ring):
    linked = CustomersLinked(other=CustomerId(BEN), survivor=CustomerId(ADA), why="same person")
    await log.append(
        Request(envelope=envelope(), writes=(Write(stream=ADA, expected=0, events=(*named("Ada"), linked)),))
    )
    ring.destroy(str(ADA))
    log.codec.forget()
    erased = replace(linked, why=ERASED)
    assert [fact.event for fact in await log.read_all()] == [CustomerNamed(name=ERASED), erased]


async def test_a_parked_letter_is_sealed_by_its_own_blob(log, ring):
    parked = LetterParked(
        raw=BlobId("ab12"), size=9, why="no header", folder="INBOX", validity=1, uid=7, excerpt="From: ada"
    )
    await log.append(Request(envelope=envelope(), writes=(Write(stream=ADA, expected=0, events=(parked,)),)))
    ring.destroy(str(ADA))
    assert [fact.event for fact in await log.read_all()] == [parked]
    ring.destroy("ab12")
    log.codec.forget()
    (fact,) = await log.read_all()
    assert fact.event.excerpt is ERASED and fact.event.uid == 7


async def test_a_fact_of_a_later_version_is_kept_as_it_is(log):
    await log.append(request(write(ADA, 0, "a")))
    seal_all = log.codec.seal_all
    log.codec.seal_all = lambda facts: [Sealed("customer.teleported.v9", one.rest) for one in seal_all(facts)]
    await log.append(request(write(ADA, 1, "b")))
    log.codec.seal_all = seal_all
    await log.append(request(write(ADA, 2, "c")))
    facts = await log.read_all()
    assert isinstance(facts[1].event, Opaque) and facts[1].name == "customer.teleported.v9"
    assert [fact.version for fact in facts] == [1, 2, 3]


async def test_twenty_writers_on_one_customer_all_succeed(log, ring):
    """Each with its own cache and lock, as in twenty processes."""
    writers = [Transactor(log, ring, StateCache(log), random.Random(n)) for n in range(20)]
    await asyncio.gather(
        *(
            writer.transact(CUSTOMER, ADA, lambda state, n=n: named(f"writer {n}"), envelope())
            for n, writer in enumerate(writers)
        )
    )
    assert sorted(names_of(await log.read_stream(ADA))) == sorted(f"writer {n}" for n in range(20))


async def test_who_comes_together_with_what_can_not_be_sealed_is_none_the_worse(log, ring):
    ring.destroy(str(ADA))
    answers = await asyncio.gather(
        log.append(request(write(BEN, 0, "b1"))),
        log.append(request(write(ADA, 0, "a"))),
        log.append(request(write(BEN, 1, "b2"))),
        return_exceptions=True,
    )
    assert [type(answer).__name__ for answer in answers] == ["Appended", "NoKey", "Appended"]
    assert names_of(await log.read_all()) == ["b1", "b2"]


async def test_nothing_follows_from_a_draft_that_cannot_be_sealed(log, ring):
    ring.destroy(str(ADA))
    with pytest.raises(Exception, match=str(ADA)):
        await log.append(request(write(ADA, 0, "a")))
    assert await log.head() == 0


async def test_two_logs_have_two_incarnations(log, tmp_path):
    other = await open_log(tmp_path / "other.db", MemoryRing())
    assert await log.incarnation() != await other.incarnation()
    assert await log.incarnation() == await log.incarnation()
    await other.close()
