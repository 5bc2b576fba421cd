"""A rebuild that is killed goes on where it was; an erasure leaves nothing of it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from projections import rebuild as rebuilding
from projections.pages import pages
from projections.rebuild import rebuild
from tests.projections.test_rebuild import Plain, rows, spoil
from tests.projections.test_runner import Shop, a_shop

CUSTOMERS = 40


class Counted:
    """A log that says how many facts were read of it, and may end its process after some pages."""

    def __init__(self, log: Any, *, pages_to_live: int = 1_000_000) -> None:
        self.log, self.read, self.left = log, 0, pages_to_live

    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Any:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        found = await self.log.read_all(after=after, limit=limit)
        self.read += len(found)
        return found


def killed(shop: Shop) -> None:
    """A process of its own begins a rebuild and dies in it."""
    child = os.fork()
    if child == 0:
        try:
            shop.runner.log = Counted(shop.log, pages_to_live=3)  # type: ignore[assignment]
            shop.runner.building = asyncio.Lock()
            asyncio.run(rebuild(shop.runner, pages(Plain()), "all"))
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PAGE", 10)


def left_of_it(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if ".next" in file.name]


async def filled(shop: Shop) -> None:
    for number in range(CUSTOMERS):
        await shop.open_conversation(uuid4(), f"Parcel {number}")
    await shop.runner.reached(2 * CUSTOMERS)


async def again(shop: Shop) -> tuple[Any, int]:
    counted = Counted(shop.log)
    shop.runner.log = counted  # type: ignore[assignment]
    return await rebuild(shop.runner, pages(Plain()), "all"), counted.read


async def test_the_next_rebuild_reads_only_what_the_killed_one_had_not(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        await filled(shop)
        before = rows(shop)
        await spoil(shop)
        await asyncio.to_thread(killed, shop)
        done, read = await again(shop)
        assert (done.resumed_at, read) == (30, 2 * CUSTOMERS - 30)
        assert rows(shop) == before
        assert left_of_it(tmp_path) == []


async def test_after_the_machine_was_started_again_it_begins_anew(tmp_path: Path, monkeypatch: Any) -> None:
    """Pages that were never synced may be gone: the control of what is taken up."""
    async with a_shop(tmp_path, pages(Plain())) as shop:
        await filled(shop)
        await asyncio.to_thread(killed, shop)
        monkeypatch.setattr(rebuilding, "this_run", lambda: "another run")
        done, read = await again(shop)
        assert (done.resumed_at, read) == (0, 2 * CUSTOMERS)


async def test_an_erasure_takes_away_what_a_killed_rebuild_left(tmp_path: Path) -> None:
    async with a_shop(tmp_path, pages(Plain())) as shop:
        await filled(shop)
        await asyncio.to_thread(killed, shop)
        assert shop.path.with_suffix(".next").exists()
        await shop.runner.everywhere(2 * CUSTOMERS, patience=20)
        assert left_of_it(tmp_path) == []
