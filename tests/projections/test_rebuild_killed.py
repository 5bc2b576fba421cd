"""A rebuild that is killed goes on where it was; an erasure leaves nothing of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from projections import rebuild as rebuilding
from projections.pages import pages
from projections.rebuild import rebuild
from tests.projections.rebuild_child import CUSTOMERS, PAGE, Counted, fill, same_log
from tests.projections.test_rebuild import Plain, rows, spoil
from tests.projections.test_runner import Shop, a_shop

ROOT = Path(__file__).resolve().parents[2]


async def killed(folder: Path) -> None:
    """A hub of its own showed its facts here, began a rebuild and died after three pages of it."""
    program = [sys.executable, "-m", "tests.projections.rebuild_child", str(folder)]
    child = await asyncio.create_subprocess_exec(*program, cwd=ROOT)
    async with asyncio.timeout(50):
        assert await child.wait() == -signal.SIGKILL


@asynccontextmanager
async def opened_again(folder: Path) -> AsyncIterator[Shop]:
    """The hub that is started after that: its log holds the same facts."""
    await killed(folder)
    async with a_shop(folder, pages(Plain()), same_log()) as shop:
        await fill(shop)
        yield shop


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PAGE", PAGE)


def left_of_it(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if ".next" in file.name]


async def again(shop: Shop) -> tuple[Any, int]:
    counted = Counted(shop.log)
    shop.runner.log = counted  # type: ignore[assignment]
    return await rebuild(shop.runner, pages(Plain()), "all"), counted.read


async def test_the_next_rebuild_reads_only_what_the_killed_one_had_not(tmp_path: Path) -> None:
    async with opened_again(tmp_path) as shop:
        before = rows(shop)
        await spoil(shop)
        done, read = await again(shop)
        assert (done.resumed_at, read) == (30, 2 * CUSTOMERS - 30)
        assert rows(shop) == before
        assert left_of_it(tmp_path) == []


async def test_after_the_machine_was_started_again_it_begins_anew(tmp_path: Path, monkeypatch: Any) -> None:
    """Pages that were never synced may be gone: the control of what is taken up."""
    async with opened_again(tmp_path) as shop:
        monkeypatch.setattr(rebuilding, "this_run", lambda: "another run")
        done, read = await again(shop)
        assert (done.resumed_at, read) == (0, 2 * CUSTOMERS)


async def test_an_erasure_takes_away_what_a_killed_rebuild_left(tmp_path: Path) -> None:
    async with opened_again(tmp_path) as shop:
        assert shop.path.with_suffix(".next").exists()
        await shop.runner.everywhere(2 * CUSTOMERS, patience=20)
        assert left_of_it(tmp_path) == []
