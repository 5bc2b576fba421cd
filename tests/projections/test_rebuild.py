"""Rebuilding while serving: the same rows, never an empty page, nothing missed that came meanwhile."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.domain.conversation.events import ConversationTagged
from hub.domain.customer.events import CustomerErased
from projections import inbox
from projections.pages import NAMES, PAGES, pages
from projections.rebuild import NoSuchView, rebuild
from projections.search import search
from tests.projections.test_runner import Shop, a_shop, now


class Plain:
    """Seals nothing."""

    def seal(self, stream: object, data: bytes) -> bytes:
        return data

    def unseal(self, stream: object, data: bytes) -> bytes:
        return data


def rows(shop: Shop) -> dict[str, Any]:
    tables = [table.name for page in pages(Plain()) for table in page.tables]
    with shop.readers.connect() as connection:
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
            for name in tables
        }


async def spoil(shop: Shop) -> None:
    await shop.runner.in_thread(
        lambda: shop.runner.book.connection.execute("UPDATE inbox SET subject = 'spoilt'")
    )
    await shop.runner.in_thread(lambda: shop.runner.book.connection.execute("DELETE FROM search_words"))


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


async def test_readers_never_see_an_empty_inbox_and_nothing_is_missed(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        for _ in range(20):
            await shop.open_conversation(uuid4())
        await shop.runner.reached(40)
        seen: list[int] = []

        async def watch() -> None:
            while True:
                seen.append(await asyncio.to_thread(shop.ask, lambda db: inbox.counters(db, "")["open"]))

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
        await asyncio.wait([watching])
        assert seen and min(seen) >= 20
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
