"""Record rules that only a whole house can keep: letters that come twice, unreadable letters, letters on their way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hub.app.arrivals import Arrival
from hub.app.delivery import Postman
from hub.app.intake import take_in
from hub.app.ports import Recorded
from hub.assembly.bot import policies_of, reactions
from hub.assembly.house import House, now
from hub.assembly.rereading import Rereader
from hub.assembly.working import postman
from hub.domain.account.events import LetterParked
from hub.domain.conversation.events import (
    DeliveryHandedOver,
    DeliveryStarted,
    DeliveryUncertain,
    MessageReceived,
    MessageSeenAgain,
)
from hub.domain.ids import AccountId
from hub.domain.letters import Delivery, HandedOver, Outgoing, Unreadable
from tests.journeys.house import ELSEWHERE, a_house, deliver

COMPLAINT = "This is a complaint: the lamp arrived broken and I want my money back."


@pytest.fixture(params=["in a folder", "in PostgreSQL"], autouse=True)
def record(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the record is: every rule holds on both stores."""
    if request.param == "in PostgreSQL":
        monkeypatch.setitem(ELSEWHERE, "database_url", request.getfixturevalue("durable_url"))


def a_letter(text: str = COMPLAINT, *, trace: str = "", name: str = "one") -> bytes:
    head = "From: Ana <ana@customers.example>\nTo: care@shop.example\nSubject: A lamp\n"
    return f"{trace}{head}Message-ID: <{name}@customers.example>\n\n{text}\n".encode()


async def recorded(house: House, *kinds: type) -> list[Recorded]:
    return [fact for fact in await house.log.read_all() if isinstance(fact.event, kinds)]


async def test_record_rule_12_the_same_letter_elsewhere_is_only_seen_again(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first = await deliver(house, a_letter(), 1)
        hop = "Received: from a by b\nX-Spam-Status: No\nDelivered-To: care@shop.example\n"
        again = await deliver(house, a_letter(trace=hop), 2)
        assert (first.ending, again.ending) == ("recorded", "seen again")
        assert again.message == first.message
        assert (await deliver(house, a_letter(trace=hop), 2)).ending == "known"
        assert len(await recorded(house, MessageReceived)) == 1
        (seen,) = await recorded(house, MessageSeenAgain)
        assert (seen.event.folder, seen.event.uid) == ("INBOX", 2)


async def test_record_rule_12_one_message_id_on_other_bytes_keeps_both_and_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await deliver(house, a_letter("The first."), 1)
        await deliver(house, a_letter("Quite another."), 2)
        first, second = await recorded(house, MessageReceived)
        assert (first.event.same_id_other_bytes, second.event.same_id_other_bytes) == (False, True)


@dataclass
class Broken:
    """Readers with a fault, until it is mended."""

    real: Any
    mended: bool = False

    async def read(self, raw: bytes, *, account: str) -> Any:
        if not self.mended:
            raise Unreadable("the reader has a fault")
        return await self.real.read(raw, account=account)


async def test_record_rule_14_unreadable_is_parked_once_and_read_again_after_a_fix(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        readers = Broken(house.readers)
        house = replace(house, walk=replace(house.walk, readers=readers))
        inbox = await house.inbox_for("support")
        arrival = Arrival(inbox=inbox, raw=a_letter(), received_at=now())
        assert (await take_in(house.walk, arrival)).ending == "parked"
        assert (await take_in(house.walk, arrival)).ending == "known"
        (parked,) = await recorded(house, LetterParked)
        assert parked.stream == inbox.account
        await house.runner.reached(await house.log.head(), patience=60)
        with pytest.raises(Unreadable):
            await Rereader(house)(parked.event.raw)
        readers.mended = True
        landed = await Rereader(house)(parked.event.raw)
        (message,) = await recorded(house, MessageReceived)
        assert message.event.message == landed.message
        assert message.envelope.cause == parked.position
        assert (await take_in(house.walk, arrival)).ending == "known"


@dataclass
class Wire:
    """A sender that may die with the letter in its hands."""

    dies: bool
    look: Callable[[], Any] | None = None
    sent: list[Outgoing] = field(default_factory=list)

    async def send(self, letter: Outgoing) -> Delivery:
        self.sent.append(letter)
        if self.look is not None:
            await self.look()
        if self.dies:
            raise asyncio.CancelledError
        return HandedOver(receipt="250 kept")


@asynccontextmanager
async def acknowledging(folder: Path, wire: Wire) -> AsyncIterator[tuple[House, Postman]]:
    """A house with one acknowledgement waiting to leave by `wire`."""
    async with a_house(folder) as house:
        await deliver(house, a_letter(), 1)
        working = reactions(house)
        for _ in range(3):
            for policy in policies_of(house.settings):
                await working.catch_up(policy)
        await house.runner.reached(await house.log.head(), patience=60)
        account = AccountId((await house.inbox_for("support")).account)
        yield house, replace(postman(house, {}), senders={account: wire})


async def test_record_rule_26_the_attempt_is_on_record_before_the_wire_is_touched(tmp_path: Path) -> None:
    wire = Wire(dies=False)
    async with acknowledging(tmp_path, wire) as (house, post):
        at_the_wire: list[int] = []

        async def look() -> None:
            at_the_wire.append(len(await recorded(house, DeliveryStarted)))

        wire.look = look
        await post.send_due()
        assert at_the_wire == [1]
        assert len(await recorded(house, DeliveryHandedOver)) == 1


async def test_record_rule_27_an_automatic_letter_without_a_known_end_is_uncertain_and_never_resent(
    tmp_path: Path,
) -> None:
    wire = Wire(dies=True)
    async with acknowledging(tmp_path, wire) as (house, post):
        with pytest.raises(asyncio.CancelledError):
            await post.send_due()
        await house.runner.reached(await house.log.head(), patience=60)
        wire.dies = False
        await post.recover()
        await house.runner.reached(await house.log.head(), patience=60)
        await post.send_due()
        assert len(wire.sent) == 1
        assert len(await recorded(house, DeliveryUncertain)) == 1
        assert not await recorded(house, DeliveryHandedOver)


async def test_without_the_recovery_of_rule_27_nobody_would_be_told(tmp_path: Path) -> None:
    """Negative control."""
    wire = Wire(dies=True)
    async with acknowledging(tmp_path, wire) as (house, post):
        with pytest.raises(asyncio.CancelledError):
            await post.send_due()
        await house.runner.reached(await house.log.head(), patience=60)
        wire.dies = False
        await post.send_due()
        assert len(wire.sent) == 1
        assert not await recorded(house, DeliveryUncertain)
