"""Rebuilding while serving: the same rows, never an empty page, nothing missed that came meanwhile."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.domain.conversation.events import ConversationTagged
from hub.domain.customer.events import CustomerErased
from projections import inbox, views
from projections import rebuild as rebuilding
from projections.pages import NAMES, PAGES, pages
from projections.progress import Progress
from projections.rebuild import NoSuchView, rebuild
from projections.search import search
from tests.projections.test_runner import Shop, a_shop, now


class Plain:
    """Seals nothing."""

    def seal(self, stream: object, data: bytes) -> bytes:
        return data

    def unseal(self, stream: object, data: bytes) -> bytes:
        return data


class Boxed:
    """As with real sealing, no two boxes are the same."""

    def seal(self, stream: object, data: bytes) -> bytes:
        return os.urandom(8) + data

    def unseal(self, stream: object, data: bytes) -> bytes:
        return data[8:]


def rows(shop: Shop) -> dict[str, Any]:
    tables = [table.name for page in pages(Plain()) for table in page.tables]
    with shop.readers.connect() as connection:
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
            for name in tables
        }


def opened_as_of(db: Any) -> tuple[int, int]:
    """The position that is shown, and how many conversations are open, in one moment."""
    return views.position(db), inbox.counters(db, "")["open"]


async def spoil(shop: Shop) -> None:
    await shop.runner.in_thread(
        lambda: shop.runner.book.store.connection.execute("UPDATE inbox SET subject = 'spoilt'")
    )
    await shop.runner.in_thread(lambda: shop.runner.book.store.connection.execute("DELETE FROM search_words"))


async def test_the_same_rows_again(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        for _ in range(30):
            await shop.open_conversation(uuid4(), "Parcel 订单")
        await shop.runner.reached(60)
        before = rows(shop)
        await spoil(shop)
        assert rows(shop) != before
        report = await rebuild(shop.runner, pages(Plain()), "inbox", "search")
        assert (report.names, report.position) == (("inbox", "search"), 60)
        assert rows(shop) == before
        assert report.after["inbox"] == 30 and report.before["search_words"] == 0
        await rebuild(shop.runner, pages(Plain()), "all")
        assert rows(shop) == before
        assert shop.ask(lambda db: len(search(db, "订单", now()))) == 30
        assert {file.name for file in shop.path.parent.iterdir()} <= {
            "views.db",
            "views.db-wal",
            "views.db-shm",
        }


async def test_what_a_rebuild_changed_is_told_by_a_sample(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Boxed())) as shop:
        for _ in range(30):
            await shop.open_conversation(uuid4())
        await shop.runner.reached(60)
        same = await rebuild(shop.runner, pages(Boxed()), "all")
        assert same.sampled > 60 and same.differing == {}
        await spoil(shop)
        mended = await rebuild(shop.runner, pages(Boxed()), "all")
        assert mended.differing["inbox"] == 30 and set(mended.differing) == {"inbox", "search_words"}


async def test_progress_is_told_while_it_is_built_and_not_after(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(rebuilding, "PAGE", 10)
    async with a_shop(tmp_path, pages(Plain())) as shop:
        for _ in range(20):
            await shop.open_conversation(uuid4())
        await shop.runner.reached(40)
        seen: list[tuple[int, int]] = []
        read_all = shop.log.read_all

        async def watched(**asked: int) -> Any:
            if shop.runner.rebuilding:
                seen.append((shop.runner.rebuilding.position, shop.runner.rebuilding.goal))
            return await read_all(**asked)

        monkeypatch.setattr(shop.log, "read_all", watched)
        await rebuild(shop.runner, pages(Plain()), "all")
        assert seen == [(0, 40), (10, 40), (20, 40), (30, 40)]
        assert shop.runner.rebuilding is None


def test_time_left_follows_from_the_rate_so_far() -> None:
    clock = iter([100.0, 110.0, 110.0, 110.0])
    progress = Progress(names=("inbox",), first=1000, goal=5000, position=1000, clock=lambda: next(clock))
    progress.position = 2000
    assert progress.per_second == 100.0 and progress.seconds_left == 30.0


async def test_readers_never_see_an_empty_inbox_and_nothing_is_missed(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        for _ in range(20):
            await shop.open_conversation(uuid4())
        await shop.runner.reached(40)
        seen: list[tuple[int, int]] = []

        async def watch() -> None:
            while True:
                seen.append(await asyncio.to_thread(shop.ask, opened_as_of))

        async def write() -> None:
            customer = uuid4()
            conversation = await shop.open_conversation(customer)
            for tag in range(40):
                await shop.record(customer, ConversationTagged(conversation=conversation, tag=str(tag)))

        watching = asyncio.create_task(watch())
        await asyncio.gather(
            write(),
            rebuild(shop.runner, pages(Plain()), "all"),
            rebuild(shop.runner, pages(Plain()), "inbox"),
        )
        await shop.runner.reached(82)
        watching.cancel()
        (ended,) = await asyncio.gather(watching, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError), "readers saw no error"
        positions = [position for position, _ in seen]
        assert seen and min(open_ for _, open_ in seen) >= 20
        assert positions == sorted(positions)
        live = rows(shop)
        await rebuild(shop.runner, pages(Plain()), "all")
        assert rows(shop) == live
        assert len(live["inbox_tags"]) == 40


async def test_record_rule_20_an_erasure_waits_for_what_is_being_built(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        customer = uuid4()
        await shop.open_conversation(customer, "secret")
        await shop.runner.reached(2)
        building = asyncio.create_task(rebuild(shop.runner, pages(Plain()), "all"))
        last = await shop.record(customer, CustomerErased(reason="asked"))
        await shop.runner.everywhere(last, patience=20)
        assert building.done() or not shop.path.with_suffix(".next").exists()
        await building
        assert "secret" not in repr(rows(shop))


async def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        with pytest.raises(NoSuchView, match="inbox"):
            await rebuild(shop.runner, PAGES, "nonsense")
    assert set(NAMES) == {page.name for page in pages(Plain())}
