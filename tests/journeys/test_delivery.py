"""Letters out: a mail server that stands still holds the letters of its own inbox, and no other's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hub.app.delivery import Postman
from hub.app.ports import BlobMissing
from hub.assembly.bot import policies_of, reactions
from hub.assembly.house import House
from hub.assembly.working import postman
from hub.domain.conversation.events import DeliveryStarted
from hub.domain.ids import AccountId
from hub.domain.letters import Delivery, HandedOver, Outgoing, Unreadable
from tests.journeys.house import a_house, deliver

COMPLAINT = "This is a complaint: the lamp arrived broken and I want my money back."


@dataclass
class Wire:
    """A sender whose server answers only when it is let."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    touched: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, letter: Outgoing) -> Delivery:
        self.touched.set()
        await self.let.wait()
        self.ended.set()
        return HandedOver(receipt="250 kept")


@asynccontextmanager
async def two_inboxes(folder: Path) -> AsyncIterator[tuple[House, dict[AccountId, Wire]]]:
    """A house with one acknowledgement waiting in each; the first inbox's server stands still."""
    boxes = [{"name": name, "address": f"{name}@shop.example"} for name in ("care", "orders")]
    async with a_house(folder, mailbox=boxes) as house:
        for name in ("care", "orders"):
            head = (
                f"From: {name}@customers.example\nSubject: Lamp\nMessage-ID: <{name}@customers.example>\n\n"
            )
            await deliver(house, f"{head}{COMPLAINT}\n".encode(), 1, mailbox=name)
        working = reactions(house)
        for _ in range(3):
            for policy in policies_of(house.settings):
                await working.catch_up(policy)
        await house.runner.reached(await house.log.head(), patience=60)
        care, orders = [AccountId((await house.inbox_for(name)).account) for name in ("care", "orders")]
        wires = {care: Wire(), orders: Wire()}
        wires[orders].let.set()
        yield house, wires


@asynccontextmanager
async def working(*men: Postman) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(man.run()) for man in men]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_a_server_that_stands_still_holds_no_other_inbox(tmp_path: Path) -> None:
    async with two_inboxes(tmp_path) as (house, wires):
        still, quick = wires.values()
        async with working(*(postman(house, wires, only=account) for account in wires)), asyncio.timeout(60):
            await still.touched.wait()
            await quick.ended.wait()
            assert not still.ended.is_set()
            still.let.set()
            await still.ended.wait()


async def test_one_postman_for_all_would_hold_the_other_inbox(tmp_path: Path) -> None:
    """Negative control: while one server stands still, the letter of the other is not even begun."""
    async with two_inboxes(tmp_path) as (house, wires):
        for wire in wires.values():
            wire.let.clear()
        async with working(postman(house, wires)), asyncio.timeout(60):
            await any_of(wires.values())
            started = [fact for fact in await house.log.read_all() if isinstance(fact.event, DeliveryStarted)]
            assert len(started) == 1
            assert [wire.touched.is_set() for wire in wires.values()].count(True) == 1
            for wire in wires.values():
                wire.let.set()
            for wire in wires.values():
                await wire.ended.wait()


async def any_of(wires: Iterable[Wire]) -> None:
    waiting = [asyncio.create_task(wire.touched.wait()) for wire in wires]
    _, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()


class Unread:
    """An outbox whose letters can't be made up."""

    def __init__(self, outbox: Any, failure: Exception) -> None:
        self.outbox, self.failure = outbox, failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self.outbox, name)

    async def letter(self, message: object) -> Any:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "became"),
    [(Unreadable("killed"), "DeliveryDeferred"), (BlobMissing("gone"), "DeliveryFailed")],
)
async def test_a_letter_that_cannot_be_made_up_is_settled_on_record_and_ends_nobodys_work(
    tmp_path: Path, failure: Exception, became: str
) -> None:
    async with two_inboxes(tmp_path) as (house, wires):
        man = postman(house, wires)
        man = replace(man, outbox=Unread(man.outbox, failure))
        await man.send_due()
        names = [type(fact.event).__name__ for fact in await house.log.read_all()]
        assert names.count("DeliveryStarted") == names.count(became) == 2
        assert not any(wire.touched.is_set() for wire in wires.values())
