"""A hub that shows its facts, begins a rebuild and is killed in it.

python -m tests.projections.rebuild_child FOLDER
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.eventlog.memory import MemoryLog
from projections import rebuild as rebuilding
from projections.pages import pages
from projections.rebuild import rebuild
from tests.projections.test_rebuild import Plain
from tests.projections.test_runner import Shop, a_shop

CUSTOMERS = 40
PAGE = 10
"""Facts that a rebuild reads at once."""


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


def same_log() -> MemoryLog:
    """Filled by `fill`, it holds the same facts at the same moments in every process."""
    return MemoryLog(now=count(1_790_000_000_000_000).__next__)


async def fill(shop: Shop) -> None:
    for number in range(CUSTOMERS):
        customer = UUID(int=number + 1)
        await shop.open_conversation(customer, f"Parcel {number}", conversation=UUID(int=1000 + number))
    await shop.runner.reached(2 * CUSTOMERS)


async def live_and_die(folder: Path) -> None:
    async with a_shop(folder, pages(Plain()), same_log()) as shop:
        await fill(shop)
        shop.runner.log = Counted(shop.log, pages_to_live=3)  # type: ignore[assignment]
        await rebuild(shop.runner, pages(Plain()), "all")


if __name__ == "__main__":
    rebuilding.PAGE = PAGE  # type: ignore[misc]
    asyncio.run(live_and_die(Path(sys.argv[1])))
