"""Views that several processes share: one writes, all hear; whoever writes may vanish at any moment; readers never see less."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event

from hub.app.ports import TablesAway
from hub.domain.account.events import LetterParked
from hub.domain.conversation.events import ConversationTagged
from hub.domain.customer.events import CustomerErased, CustomerNamed, CustomerOpened
from hub.domain.ids import BlobId, StreamId
from infra.eventlog.memory import MemoryLog
from projections import customers, inbox, inbox_tables, parked, views
from projections.book import Moved
from projections.pages import PAGES, pages
from projections.postgres import others, reading
from projections.postgres import rebuild as rebuilding
from projections.postgres import store as storing
from projections.postgres import views as viewing
from projections.postgres.others import LEFT_S, passed, stands_beyond
from projections.postgres.rebuild import Candidate, rebuild_shared
from projections.postgres.store import NEXT, TAKE, WRITING, Database, open_shared, schema_of
from projections.rebuild import AlreadyBuilding
from projections.search import search
from projections.states import StatesView
from projections.tsvector import Terms
from tests.projections.hubs import ALL, WAITS, WRITERS, Hub, said, schemas
from tests.projections.test_rebuild import Plain, opened_as_of
from tests.projections.test_runner import beats, now
from tests.servers.postgres import running


async def test_what_one_writes_all_show_and_hear(hubs: Any, postgres_url: str) -> None:
    log = MemoryLog()
    one, two, three = hubs(log), hubs(log), hubs(log, writes=False)
    async with one.at_work(), two.at_work(), three.at_work():
        await three.views.reached(0)
        with two.views.listening() as ear, three.views.listening() as far:
            customer = uuid4()
            conversation = await one.open_conversation(customer)
            for hub in (one, two, three):
                await hub.views.reached(2)
                assert hub.ask(inbox.row, str(conversation))["subject"] == "Parcel"
            for heard in (await ear.hear(), await far.hear()):
                assert (heard.position, heard.conversations, heard.customers) == (
                    2,
                    {conversation},
                    {customer},
                )
                assert "conversation.opened.v1" in heard.kinds
        assert len(said(postgres_url, WRITERS)) == 1


async def test_an_empty_log_is_shown_once_somebody_has_made_the_tables(hubs: Any) -> None:
    log = MemoryLog()
    reader = hubs(log, writes=False)
    async with reader.at_work():
        with pytest.raises(TimeoutError):
            await reader.views.reached(0, patience=0.3)
        assert not reader.views.trouble
        async with hubs(log).at_work():
            await reader.views.reached(0)
            assert reader.ask(inbox.counters, "")["open"] == 0


async def test_another_takes_over_at_once_when_the_writer_is_gone(hubs: Any, postgres_url: str) -> None:
    log = MemoryLog()
    one, two = hubs(log), hubs(log)
    async with two.at_work():
        async with one.at_work():
            await one.open_conversation(uuid4())
            await two.views.reached(2)
            for _ in range(5):
                said(postgres_url, f"SELECT pg_terminate_backend(pid) FROM ({WRITERS}) AS them")
                await one.open_conversation(uuid4())
            await two.views.reached(12)
        await one.open_conversation(uuid4())
        await two.views.reached(14)
        assert two.ask(inbox.counters, "")["open"] == 7


async def test_a_writer_that_stands_still_is_cut_off(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process keeps its connection open; the server ends it, and its lock with it."""
    monkeypatch.setattr(storing, "WRITING", WRITING.replace("15s", "300ms"))
    hub = hubs(MemoryLog())
    still = open_shared(hub.database, ALL, "one")
    assert still is not None
    async with hub.at_work():
        await hub.open_conversation(uuid4())
        await hub.views.reached(2)
    with pytest.raises(psycopg.OperationalError):
        still.apply(await hub.log.read_all())
    still.close()


async def test_negative_control_without_the_time_out_a_still_writer_holds_up_all(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    still = open_shared(hub.database, ALL, "one")
    assert still is not None
    async with hub.at_work():
        await hub.open_conversation(uuid4())
        with pytest.raises(TimeoutError):
            await hub.views.reached(2, patience=1.0)
    still.close()


async def test_a_writer_that_has_nothing_to_do_is_heard_of(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "WRITING", WRITING.replace("15s", "500ms"))
    monkeypatch.setattr(viewing, "STIR_S", 0.1)
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.views.reached(0)
        writer = said(postgres_url, WRITERS)
        await asyncio.sleep(1.5)
        assert said(postgres_url, WRITERS) == writer


async def test_the_heart_of_views_beats_where_and_while_somebody_writes_them(
    hubs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "POLL_S", 0.05)
    log = MemoryLog()
    one, reader = hubs(log), hubs(log, writes=False)
    async with reader.at_work():
        async with one.at_work():
            await reader.views.reached(0)
            assert await beats(reader.views, after=now())
        assert not await beats(reader.views, after=now(), within=0.5)


async def test_a_database_that_is_away_is_told_and_all_go_on_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 0.5)
    with running() as cluster:
        log = MemoryLog()
        hub, reader = Hub(cluster.url(), log), Hub(cluster.url(), log, writes=False)
        lookup = await reading.open_lookup(hub.database)
        stored = StatesView(lookup=lookup, unseal=Plain().unseal)
        async with hub.at_work(), reader.at_work():
            customer = uuid4()
            conversation = await hub.open_conversation(customer)
            await hub.views.reached(2)
            assert await stored.load(StreamId(customer))
            await asyncio.to_thread(cluster.stop, "immediate")
            with pytest.raises(TablesAway, match="goes on by itself"):
                await asyncio.to_thread(views.asked, hub.readers, views.position)
            with pytest.raises(TablesAway):
                await stored.load(StreamId(customer))
            await hub.record(customer, ConversationTagged(conversation=conversation, tag="meanwhile"))
            await are_troubled(True, hub, reader)
            await asyncio.to_thread(cluster.start)
            await are_troubled(False, hub, reader)
            await hub.views.reached(3)
            assert await asyncio.to_thread(views.asked, hub.readers, views.position) == 3
            assert (await stored.load(StreamId(customer))).version == 3  # type: ignore[union-attr]
        await lookup.close()
        hub.views.close(), reader.views.close()


async def are_troubled(trouble: bool, *hubs: Hub) -> None:
    async with asyncio.timeout(30):
        while any(bool(hub.views.trouble) is not trouble for hub in hubs):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_quiet_writer_is_out_of_trouble_when_it_writes_again(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "STIR_S", 0.1)
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.views.reached(0)
        said(postgres_url, f"SELECT pg_terminate_backend(pid) FROM ({WRITERS}) AS them")
        await are_troubled(True, hub)
        await are_troubled(False, hub)


async def test_positions_go_back_with_the_tables_and_what_was_told_is_not_told_again(
    hubs: Any, postgres_url: str
) -> None:
    log = MemoryLog()
    one, reader = hubs(log), hubs(log, writes=False)
    lookup = await reading.open_lookup(reader.database)
    async with reader.at_work():
        async with one.at_work():
            customer = uuid4()
            await one.open_conversation(customer)
            await reader.views.reached(2)
        said(postgres_url, "DROP SCHEMA views_1 CASCADE")
        await went_back(reader, -1)
        with pytest.raises(TablesAway, match="role project"):
            await asyncio.to_thread(views.asked, reader.readers, views.position)
        with pytest.raises(TablesAway, match="role project"):
            await StatesView(lookup=lookup, unseal=Plain().unseal).load(StreamId(customer))
        conversation = await one.open_conversation(uuid4())
        with reader.views.listening() as ear:
            async with one.at_work():
                await reader.views.reached(4)
            heard = await ear.hear()
            assert heard.conversations == {conversation}
    await lookup.close()


async def went_back(hub: Hub, position: int) -> None:
    async with asyncio.timeout(20):
        while hub.views.position != position:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_look_is_one_question(hubs: Any) -> None:
    hub, begun = hubs(MemoryLog()), list[object]()
    book = open_shared(hub.database, ALL, "one")
    assert book
    await hub.views._look()
    event.listen(hub.readers, "begin", begun.append)
    await hub.views._look()
    assert len(begun) == 1 and hub.views.position == 0
    book.close()


async def test_two_that_write_from_the_same_position_do_not_both_advance(
    hubs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the lock did not hold: the second sees that it was overtaken, and reads again from there."""
    monkeypatch.setattr(storing, "taken", lambda connection, schema: True)
    hub = hubs(MemoryLog())
    one, two = (open_shared(hub.database, ALL, "one") for _ in range(2))
    assert one and two
    await hub.open_conversation(uuid4())
    facts = await hub.log.read_all()
    one.apply(facts)
    with pytest.raises(Moved):
        two.apply(facts)
    assert two.position == 2
    hub.versions.clear()
    await hub.open_conversation(uuid4())
    two.apply((await hub.log.read_all())[2:])
    assert hub.ask(inbox.counters, "")["open"] == 2
    one.close(), two.close()


async def test_listeners_that_fell_far_behind_hear_it_from_the_log(
    hubs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "KEPT_CHANGES", 3)
    hub = hubs(MemoryLog())
    customer = uuid4()
    conversation = await hub.open_conversation(customer)
    writer = open_shared(hub.database, ALL, "one")
    assert writer
    await hub.views._look()
    for tag in "abcdefgh":
        await hub.record(customer, ConversationTagged(conversation=conversation, tag=tag))
    writer.apply(await hub.log.read_all())
    writer.close()
    with hub.views.listening() as ear:
        async with hub.at_work():
            await hub.views.reached(10)
        heard = await ear.hear()
    assert heard.conversations == {conversation} and "conversation.tagged.v1" in heard.kinds


async def test_what_a_database_takes_otherwise_than_a_file(hubs: Any) -> None:
    """NUL in a name, a title of many long words, and an event of 10 MB: shown, parked nowhere."""
    hub = hubs(MemoryLog())
    async with hub.at_work():
        words = " ".join(f"wort{number:07}" + "x" * 300 for number in range(30_000))
        await hub.open_conversation(uuid4(), "nul\0title " + words)
        await hub.record(uuid4(), CustomerOpened(channel="email", name="Zoë\0 \ud7a3"))
        await hub.views.reached(3)
        assert hub.ask(views.parked_events) == []
        assert [one["name"] for one in hub.ask(customers.find, "Zo")] == ["Zoë\ufffd \ud7a3"]
        assert len(hub.ask(lambda db: search(db, "wort0000007", now()))) == 1
        assert len(hub.ask(lambda db: search(db, "zoe", now()))) == 0  # a name without conversations


async def test_the_same_rows_again_while_all_serve(hubs: Any) -> None:
    log = MemoryLog()
    one, two = hubs(log), hubs(log)
    async with one.at_work(), two.at_work():
        for _ in range(30):
            await one.open_conversation(uuid4(), "Parcel 订单")
        await one.views.reached(60)
        before = one.rows()
        await spoil(one)
        assert one.rows() != before
        report = await rebuild_shared(two.views, pages(Plain()), "inbox", "search")
        assert (report.names, report.position) == (("inbox", "search"), 60)
        assert report.differing == {"inbox": 30, "search_words": 60}
        assert one.rows() == before == two.rows()
        same = await rebuild_shared(one.views, pages(Plain()), "all")
        assert same.differing == {} and same.sampled > 60
        assert one.rows() == before
        await one.open_conversation(uuid4(), "订单")
        await two.views.reached(62)
        assert len(two.ask(lambda db: search(db, "订单", now()))) == 31


async def spoil(hub: Hub) -> None:
    await hub.views.do(lambda cursor: cursor.run(inbox.inbox.update().values(subject="spoilt")))
    await hub.views.do(lambda cursor: cursor.execute("DELETE FROM search_words"))


async def test_after_a_rebuild_somebody_writes_again_even_when_nothing_happens(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "STIR_S", 0.1)
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.views.reached(0)
        before = said(postgres_url, WRITERS)
        await rebuild_shared(hub.views, pages(Plain()), "all")
        async with asyncio.timeout(20):
            while said(postgres_url, WRITERS) in ([], before):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_who_wrote_before_a_switch_does_not_go_on_even_if_the_rebuild_dies_right_after_it(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It remembers rows that are not there any more."""
    hub = hubs(MemoryLog())
    book = open_shared(hub.database, ALL, "one")
    assert book
    await hub.views._look()
    monkeypatch.setattr(Candidate, "_do", dying_after_the_commit(Candidate._do))
    with pytest.raises(InterruptedError):
        await rebuild_shared(hub.views, pages(Plain()), "inbox")
    assert schemas(postgres_url) == ["views_1"], "it was switched in"
    await hub.open_conversation(uuid4())
    with pytest.raises(psycopg.OperationalError):
        book.apply(await hub.log.read_all())
    book.close()


def dying_after_the_commit(do: Any) -> Any:
    async def done(self: Candidate, work: Any, *given: Any, **named: Any) -> Any:
        answer = await do(self, work, *given, **named)
        if given == ("COMMIT",):
            raise InterruptedError
        return answer

    return done


async def test_a_rebuild_that_waits_for_a_lock_can_be_cancelled(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop does not wait with it: else the lock would be held until the server ends it."""
    monkeypatch.setattr(rebuilding, "SWITCHING", rebuilding.SWITCHING.replace("2s", "0"))
    hub = hubs(MemoryLog())
    book = open_shared(hub.database, ALL, "one")
    assert book
    await hub.views._look()
    with psycopg.connect(postgres_url) as other:
        other.execute("SET idle_in_transaction_session_timeout = '30s'")
        other.execute("LOCK TABLE views_1.inbox")
        build = asyncio.create_task(rebuild_shared(hub.views, pages(Plain()), "inbox"))
        while not said(postgres_url, WAITS):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        build.cancel()
        await asyncio.wait([build])
        assert build.cancelled() and not said(postgres_url, WAITS)
        other.execute("SELECT 'still here'")
    book.close()


async def test_readers_never_see_less_while_views_are_switched(hubs: Any) -> None:
    log = MemoryLog()
    one, two = hubs(log), hubs(log)
    async with one.at_work(), two.at_work():
        for _ in range(20):
            await one.open_conversation(uuid4())
        await two.views.reached(40)
        seen: list[tuple[int, int]] = []

        async def watch() -> None:
            while True:
                seen.append(await asyncio.to_thread(two.ask, opened_as_of))

        async def write() -> None:
            customer = uuid4()
            conversation = await one.open_conversation(customer)
            for tag in range(40):
                await one.record(customer, ConversationTagged(conversation=conversation, tag=str(tag)))
                await asyncio.sleep(0.01)

        watching = asyncio.create_task(watch())
        builds = [rebuild_shared(one.views, pages(Plain()), "all") for _ in range(4)]
        await asyncio.gather(write(), one.views.scrub(), *builds, two.views.scrub())
        await two.views.reached(82)
        watching.cancel()
        (ended,) = await asyncio.gather(watching, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError), "readers saw no error"
        positions = [position for position, _ in seen]
        assert len(seen) > 20 and min(open_ for _, open_ in seen) >= 20
        assert positions == sorted(positions)
        assert len(two.rows()["inbox_tags"]) == 40


async def test_what_a_killed_rebuild_left_is_gone_on_with(hubs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.rebuild.PAGE", 10)
    log = MemoryLog()
    one, two = hubs(log), hubs(log)
    async with one.at_work():
        for _ in range(20):
            await one.open_conversation(uuid4())
        await one.views.reached(40)
        before = one.rows()
        half = open_shared(one.database.next(), ALL, "one", bulk=True)
        assert half
        half.apply(await log.read_all(limit=30))
        with pytest.raises(AlreadyBuilding):
            await rebuild_shared(one.views, pages(Plain()), "all")
        half.close()
        done = await rebuild_shared(one.views, pages(Plain()), "all")
        assert (done.resumed_at, one.rows()) == (30, before)
    assert two.views.position == -1


async def test_record_rule_20_an_erasure_leaves_nothing_in_other_sets_of_views(
    hubs: Any, postgres_url: str
) -> None:
    """Those that nobody writes are dropped, those that somebody writes are waited for."""
    log = MemoryLog()
    hub, older = hubs(log), hubs(log, schema="views_0")
    customer = uuid4()
    await hub.open_conversation(customer, "secret")
    for left in (Database(url=postgres_url, schema="views_left"), hub.database.next()):
        book = open_shared(left, ALL, "one")
        assert book
        book.apply(await log.read_all())
        book.close()
    slow = open_shared(older.database, ALL, "one")
    assert slow
    slow.apply(await log.read_all())
    async with hub.at_work():
        last = await hub.record(customer, CustomerErased(reason="asked"))
        erasing = asyncio.create_task(hub.views.everywhere(last, patience=20))
        while schemas(postgres_url) != ["views_0", "views_1"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.wait([erasing], timeout=0.5)
        assert not erasing.done()
        slow.apply((await log.read_all())[2:])
        await erasing
        assert "secret" not in repr([older.rows(), hub.rows()])
    slow.close()


async def test_a_rebuild_that_waits_for_its_switch_brings_nothing_back(
    hubs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is blanked after everything has passed the erasure stays blank: the candidate is in by then."""
    monkeypatch.setattr(rebuilding, "SWITCHING", rebuilding.SWITCHING.replace("2s", "100ms"))
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.record(uuid4(), PARKED)
        last = await hub.record(uuid4(), CustomerErased(reason="asked"))
        await hub.views.reached(last)
        with hub.readers.connect() as long:
            views.position(long)
            build = asyncio.create_task(rebuild_shared(hub.views, pages(Plain()), "all"))
            await stands_at(hub.database.next(), last)
            erasing = asyncio.create_task(blanked(hub, last))
            await asyncio.wait([erasing], timeout=2.0)
            assert not build.done()
        await asyncio.gather(build, erasing)
        assert hub.ask(parked.letter, "aa")["excerpt"] is None


PARKED = LetterParked(raw=BlobId("aa"), size=3, why="", folder="INBOX", validity=1, uid=2, excerpt="secret")


async def blanked(hub: Hub, position: int) -> None:
    await hub.views.everywhere(position, patience=20)
    await hub.views.do(lambda cursor: parked.forget_letters(cursor, ["aa"]))


async def stands_at(database: Database, position: int) -> None:
    """Views that are being built have come that far."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        async with asyncio.timeout(20):
            while not stands_beyond(connection, database.schema, position):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_record_rule_21_erased_words_leave_every_file_of_the_tables(hubs: Any, postgres: Any) -> None:
    hub, canary = hubs(MemoryLog()), "canary-in-a-title"
    async with hub.at_work():
        customer = uuid4()
        await hub.open_conversation(customer, canary)
        await hub.open_conversation(uuid4(), "something else")
        last = await hub.record(customer, CustomerErased(reason="asked"))
        await hub.views.reached(last)
        postgres.do("CHECKPOINT")
        assert holds(postgres.data, canary), "negative control: a deleted row stays in its page"
        before = hub.rows()
        await hub.views.scrub()
        postgres.do("CHECKPOINT")
        assert not holds(postgres.data, canary)
        assert hub.rows() == before
        await hub.open_conversation(uuid4(), "and on it goes")
        await hub.views.reached(last + 2)
    again = open_shared(hub.database, ALL, "one")
    assert again and len(said(hub.database.url, INDEXES)) == len(
        {one for (one,) in said(hub.database.url, INDEXES)}
    )
    again.close()


async def test_record_rule_21_erased_words_leave_what_the_planner_remembers(
    hubs: Any, postgres: Any, postgres_url: str
) -> None:
    """It keeps samples of a table's values, and most of what they were before."""
    hub, canary = hubs(MemoryLog()), "zanderquill"
    async with hub.at_work():
        customer = uuid4()
        await hub.open_conversation(customer, f"{canary} title")
        await hub.open_conversation(uuid4(), "something else")
        await hub.views.reached(4)
        said(postgres_url, "ANALYZE")
        assert said(postgres_url, SAMPLES, canary), "negative control: it is remembered"
        await hub.views.reached(await hub.record(customer, CustomerErased(reason="asked")))
        assert said(postgres_url, SAMPLES, canary), "negative control: and not forgotten"
        await hub.views.scrub()
    assert said(postgres_url, SAMPLES, "something") and not said(postgres_url, SAMPLES, canary)
    postgres.do("CHECKPOINT")
    assert not holds(postgres.data, canary)


SAMPLES = "SELECT 1 FROM pg_stats AS samples WHERE strpos(samples::text, %s) > 0"


INDEXES = (
    """SELECT regexp_replace(indexdef, 'INDEX \\S+ ON', '') FROM pg_indexes WHERE schemaname = 'views_1'"""
)


def holds(data: Path, word: str) -> bool:
    """In any file of the tables; the write-ahead log beside them is recycled in its own time."""
    return any(word.encode() in file.read_bytes() for file in (data / "base").rglob("*") if file.is_file())


async def test_views_of_an_earlier_version_of_the_hub_go_once_nobody_writes_them(
    hubs: Any, postgres_url: str
) -> None:
    hub = hubs(MemoryLog())
    earlier = open_shared(Database(url=postgres_url, schema="views_0"), ALL, "one")
    assert earlier
    async with hub.at_work():
        await hub.views.reached(0)
        await hub.views.tidy()
        assert schemas(postgres_url) == ["views_0", "views_1"]
        earlier.close()
        await hub.views.tidy()
        assert schemas(postgres_url) == ["views_1"]


async def test_views_whose_writer_is_away_for_a_moment_are_not_dropped(
    hubs: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, free = hubs(MemoryLog()), dict[str, float]()
    monkeypatch.setattr(others, "LEFT_S", LEFT_S)
    for _ in range(2):
        earlier = open_shared(Database(url=postgres_url, schema="views_0"), ALL, "one")
        assert earlier and passed(hub.database, 0, free) and not free
        earlier.close()
        for _ in range(2):
            assert not passed(hub.database, 0, free) and list(free) == ["views_0"]
    assert schemas(postgres_url) == ["views_0"]


async def test_a_schema_of_somebody_else_is_never_dropped(hubs: Any, postgres_url: str) -> None:
    said(postgres_url, "CREATE SCHEMA views_for_reports")
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.views.everywhere(0, patience=20)
        await hub.views.tidy()
    assert "views_for_reports" in schemas(postgres_url)


async def test_a_reader_that_holds_on_is_waited_for_and_holds_up_no_other(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    async with hub.at_work():
        await hub.open_conversation(uuid4())
        await hub.views.reached(2)
        with hub.readers.connect() as long:
            views.position(long)
            scrubbing = asyncio.create_task(hub.views.scrub())
            for _ in range(20):
                await asyncio.to_thread(hub.ask, views.position)
                await asyncio.sleep(0.1)
            assert not scrubbing.done()
        await asyncio.wait_for(scrubbing, 20)
        assert hub.ask(inbox.counters, "")["open"] == 1


def test_two_versions_of_the_hub_share_no_table() -> None:
    from dataclasses import replace

    newer: Sequence[Any] = [replace(page, version=99) if page.name == "inbox" else page for page in PAGES]
    assert schema_of(PAGES) == schema_of(tuple(PAGES)) != schema_of(newer)
    assert not schema_of(PAGES).endswith(NEXT)


def test_the_lock_is_taken_by_one_session_alone(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as one, psycopg.connect(postgres_url) as two:
        assert one.execute(TAKE, ("views_1",)).fetchone() == (True,)
        assert two.execute(TAKE, ("views_1",)).fetchone() == (False,)


def streams(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


async def test_names_change_while_somebody_reads(hubs: Any) -> None:
    """A reader's transaction sees one moment, whatever is written meanwhile."""
    hub = hubs(MemoryLog())
    async with hub.at_work():
        (customer,) = streams(1)
        await hub.record(customer, CustomerOpened(channel="email", name="Ann"))
        await hub.views.reached(1)
        with hub.readers.connect() as connection:
            before = views.position(connection), [one["name"] for one in customers.find(connection, "")]
            await hub.record(customer, CustomerNamed(name="Bea"))
            await hub.views.reached(2)
            assert (
                views.position(connection),
                [one["name"] for one in customers.find(connection, "")],
            ) == before
        assert [one["name"] for one in hub.ask(customers.find, "")] == ["Bea"]


async def test_what_the_database_cannot_index_is_parked_and_stops_nobody(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    async with hub.at_work():
        customer = uuid4()
        conversation = await hub.open_conversation(customer)
        tag = "".join(map(chr, random.Random(1).sample(range(0x4E00, 0x9FA5), 900)))
        await hub.record(customer, ConversationTagged(conversation=conversation, tag=tag))
        await hub.open_conversation(uuid4())
        await hub.views.reached(5)
        poison = hub.ask(views.parked_events)
        assert {one["projection"] for one in poison} == {"inbox"}
        assert hub.ask(inbox.counters, "")["open"] == 2


async def test_words_that_fill_a_letter_to_the_brim_are_still_taken_in(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    sums = " ".join(f"{number:064x}" for number in range(16_000))
    vector = Terms("D").vector(sums)
    kept = said(
        hub.database.url, "SELECT length(%s::tsvector || %s::tsvector || %s::tsvector)", *[vector] * 3
    )
    assert kept[0][0] > 1000


async def test_a_look_up_finds_what_is_there_while_tables_are_written_anew(hubs: Any) -> None:
    hub = hubs(MemoryLog())
    async with hub.at_work():
        conversation = await hub.open_conversation(uuid4())
        await hub.views.reached(2)
        lookup = await reading.open_lookup(hub.database)
        missing, done = 0, asyncio.Event()

        async def asking() -> int:
            nonlocal missing
            query = inbox_tables.inbox.select().where(inbox_tables.inbox.c.conversation == str(conversation))
            while not done.is_set():
                missing += not await lookup.rows(query, {})
            return missing

        asked = [asyncio.create_task(asking()) for _ in range(2)]
        for _ in range(8):
            await hub.views.scrub()
        done.set()
        await asyncio.gather(*asked)
        await lookup.close()
        assert missing == 0
