"""A hub without pages, in a process of its own that a test may kill at any moment.

    python -m tests.faults.hub_child SETTINGS [SABOTAGE…]

Sabotage breaks one guard, so that a test can be seen to fail: `no-once` drops the once-keys, `no-cursor` forgets how far
it came, `settle-first` moves the cursor
before the letter is on record, `die-before-commit` kills the process once, after the vault write and before the append.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from channels.email.wire import Arrival
from hub.app import intake
from hub.app.transact import Plan, Transactor
from hub.assembly.house import open_house
from hub.assembly.mailboxes import MailboxLedger
from hub.assembly.working import at_work
from hub.domain.ids import MessageId
from infra.settings import load_settings


async def work(settings_file: Path) -> None:
    opening = open_house(load_settings(settings_file, {}), tell=lambda _: None, reading=1)
    async with opening as house, at_work(house):
        print("at work", flush=True)
        parent = os.getppid()
        while os.getppid() == parent:  # noqa: ASYNC110 - a test that died leaves no hub behind
            await asyncio.sleep(1)


def no_once() -> None:
    whole = Transactor.transact

    async def transact(self: Any, kind: Any, stream: Any, decide: Any, *rest: Any, **named: Any) -> Any:
        def bare(state: Any) -> Any:
            plan = decide(state)
            return replace(plan, once=()) if isinstance(plan, Plan) else plan

        return await whole(self, kind, stream, bare, *rest, **named)

    Transactor.transact = transact  # type: ignore[method-assign]
    intake.message_id = lambda *_: MessageId(
        uuid4()
    )  # the state's own memory of the last messages would hide it


def settle_first() -> None:
    honest = MailboxLedger.take

    async def take(self: MailboxLedger, fetched: Arrival) -> None:
        await self.settle(fetched.location)
        await asyncio.sleep(0.05)
        await honest(self, fetched)

    MailboxLedger.take = take  # type: ignore[method-assign]


def die_before_commit() -> None:
    async def hear(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    intake._hear = hear


def no_cursor() -> None:
    async def settle(self: MailboxLedger, cursor: Any) -> None: ...

    MailboxLedger.settle = settle  # type: ignore[method-assign]


SABOTAGE = {
    "no-cursor": no_cursor,
    "no-once": no_once,
    "settle-first": settle_first,
    "die-before-commit": die_before_commit,
}

if __name__ == "__main__":
    for name in sys.argv[2:]:
        SABOTAGE[name]()
    asyncio.run(work(Path(sys.argv[1])))
