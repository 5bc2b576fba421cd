"""A state machine for letters on their way out: hubs that reserve, send, die, take over and tell late.

Automatic letters are on the wire once at most. A person's letter is there again only after an attempt without a known end was
put on record as uncertain. What was handed over never leaves again (record rules 26 and 27).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hub.app.kinds import CUSTOMER
from hub.app.ports import Appended, Envelope
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.domain.conversation.commands import ConfirmDelivery, MarkUncertain, StartDelivery
from hub.domain.conversation.events import DeliveryHandedOver, DeliveryUncertain
from hub.domain.customer.decisions import decide
from hub.domain.errors import Refusal
from hub.domain.ids import CommandId, MessageId, StreamId
from hub.domain.letters import Deferred, Delivery, HandedOver, Uncertain
from hub.domain.vocabulary import Actor
from infra.codec import MemoryRing
from infra.eventlog import MemoryLog
from projections import outbox, timeline
from projections.file import open_book, open_reader
from tests.conftest import LONG
from tests.examples import NOW, TALK, acknowledgement, opened, received, talk_opened, write

EXAMPLES = settings(
    max_examples=200 if LONG else 12,
    stateful_step_count=50 if LONG else 25,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
CONTROL = settings(EXAMPLES, max_examples=200, derandomize=True, phases=[Phase.generate])
ALICE = StreamId(UUID(int=5))
HUBS = st.sampled_from(["north", "south"])
RESULTS = st.sampled_from(["handed over", "deferred", "uncertain"])


@dataclass
class InHand:
    """An attempt that a hub has reserved. `sent`: it has touched the wire."""

    message: MessageId
    attempt: int
    sent: bool = False


class Outbox(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop, self.folder, self.now = asyncio.Runner(), Path(tempfile.mkdtemp()), NOW
        self.log, ring = MemoryLog(MemoryRing()), MemoryRing()
        self.hubs = {
            name: Transactor(self.log, ring, StateCache(self.log), Random(1)) for name in ("north", "south")
        }
        self.book = open_book(self.folder / "views.db", (outbox.projection, timeline.projection), "one")
        self.readers = open_reader(self.folder / "views.db")
        self.hand: dict[str, InHand] = {}
        self.wire: Counter[MessageId] = Counter()
        self.automatic: set[MessageId] = set()
        self.asked("north", lambda state: [opened(), talk_opened(), received()])

    def asked(self, hub: str, decided: Any) -> bool:
        """Whether something was recorded; the view is brought up to date."""
        envelope = Envelope(actor=Actor(kind="system", id=hub), command=CommandId(uuid4()))
        try:
            done = self.loop.run(self.hubs[hub].transact(CUSTOMER, ALICE, decided, envelope, items=(TALK,)))
        except Refusal:
            return False
        self.show()
        return isinstance(done.answer, Appended)

    def command(self, hub: str, command: Any) -> bool:
        return self.asked(hub, lambda state: decide(command, state, self.now))

    def show(self) -> None:
        page = self.loop.run(self.log.read_all(after=self.book.position))
        if page:
            self.book.apply(page)

    def ask(self, question: Any, *given: Any) -> Any:
        with self.readers.connect() as connection:
            return question(connection, *given)

    @rule(hub=HUBS, by_person=st.booleans())
    def write(self, hub: str, by_person: bool) -> None:
        message = MessageId(uuid4())
        order = write(message, undo_seconds=0.0) if by_person else None
        if order is None:
            order = write(message, by=None, undo_seconds=0.0, limit=1000, kind="acknowledgement", automatic="auto-replied",
                          to=acknowledgement().to)  # fmt: skip
        if self.command(hub, order) and not by_person:
            self.automatic.add(message)

    @rule(hub=HUBS)
    def reserve(self, hub: str) -> None:
        """The first letter that the view calls due."""
        if hub in self.hand:
            return
        for posted in self.ask(outbox.due, self.now, 1):
            attempt = posted.attempt + 1
            if self.command(hub, StartDelivery(message=posted.message, attempt=attempt)):
                self.hand[hub] = InHand(posted.message, attempt)

    @rule(hub=HUBS)
    def send(self, hub: str) -> None:
        held = self.hand.get(hub)
        if held and not held.sent:
            held.sent = True
            self.wire[held.message] += 1

    @rule(hub=HUBS, result=RESULTS)
    def tell(self, hub: str, result: str) -> None:
        """What became of it; a refusal for now means that it did not leave."""
        held = self.hand.get(hub)
        if held is None or not held.sent:
            return
        del self.hand[hub]
        told: Delivery = (
            HandedOver(receipt="250 ok") if result == "handed over" else Uncertain(why="line lost")
        )
        next_at = None
        if result == "deferred":
            told, next_at = Deferred(why="450 later"), self.now + timedelta(minutes=1)
            self.wire[held.message] -= 1
        command = ConfirmDelivery(message=held.message, attempt=held.attempt, result=told, next_at=next_at)
        self.command(hub, command)

    @rule(hub=HUBS)
    def die(self, hub: str) -> None:
        """What it had in hand is forgotten; whether it had left, nobody knows."""
        self.hand.pop(hub, None)

    @rule(hub=HUBS)
    def take_over(self, hub: str) -> None:
        """Whatever was started and has no end is uncertain, though the other hub may only have stood still."""
        for posted in self.ask(outbox.started_without_result):
            if hub not in self.hand or self.hand[hub].message != posted.message:
                self.command(hub, MarkUncertain(message=posted.message, attempt=posted.attempt))

    @rule(seconds=st.integers(1, 120))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def automatic_letters_are_sent_once_at_most(self) -> None:
        assert all(self.wire[message] <= 1 for message in self.automatic)

    @invariant()
    def a_persons_letter_is_repeated_only_after_it_was_called_uncertain(self) -> None:
        facts = self.loop.run(self.log.read_all(limit=100_000))
        called = Counter(one.event.message for one in facts if isinstance(one.event, DeliveryUncertain))
        for message, count in self.wire.items():
            assert count <= 1 + called[message]

    @invariant()
    def what_was_handed_over_is_not_due(self) -> None:
        facts = self.loop.run(self.log.read_all(limit=100_000))
        over = {one.event.message for one in facts if isinstance(one.event, DeliveryHandedOver)}
        late = self.now + timedelta(days=30)
        assert over.isdisjoint(posted.message for posted in self.ask(outbox.due, late, 1000))

    def teardown(self) -> None:
        self.readers.dispose()
        self.book.close()
        self.loop.close()
        shutil.rmtree(self.folder)


def test_letters_leave_as_often_as_they_may() -> None:
    run_state_machine_as_test(Outbox, settings=EXAMPLES)


class Unreserved(Outbox):
    """Hubs that send whatever the view calls due: what the machine has to notice."""

    @rule(hub=HUBS)
    def send_at_once(self, hub: str) -> None:
        for posted in self.ask(outbox.due, self.now, 1):
            self.wire[posted.message] += 1


def test_the_machine_notices_hubs_that_reserve_nothing() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Unreserved, settings=CONTROL)
