"""Policies at work on a real log: once each, whatever dies in between; poison is parked and stops nobody (record rule 11)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from hub.app.addressing import SignedAddressing
from hub.app.caps import Caps
from hub.app.completing import Naming, find_message
from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope, Inbox, Request
from hub.app.reactions import Reactions, mark_name
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.domain.complaint.events import (
    AcknowledgementWithheld,
    ComplaintAcknowledged,
    ComplaintDetected,
    ComplaintRegistered,
)
from hub.domain.conversation.events import ConversationMarkedSpam, MessageReceived, ReplyWritten
from hub.domain.customer.decisions import Command, decide_all
from hub.domain.ids import AccountId, CommandId, MessageId, Position, StreamId
from hub.domain.letters import Address
from hub.domain.policy import Memory, Policy
from hub.domain.reaction.events import ReactionParked, ReactionRecovered
from hub.domain.vocabulary import Actor
from infra.desktables.limits import SlidingLimits
from infra.desktables.memory import MemoryCounters
from infra.eventlog import MemoryLog
from infra.keys.lookup import LookupSecrets
from policies import acknowledge, detect_complaint, receipt
from tests.examples import NOW, SUPPORT, TALK, known_id, opened, received, talk_opened

ALICE, BOB = StreamId(known_id("Alice")), StreamId(known_id("Bob"))
INBOX = Inbox(
    account=SUPPORT,
    name="support",
    kind="email",
    address=Address(address="support@house.example"),
    plus_addressing=True,
)
DETECT, ACKNOWLEDGE = detect_complaint.policy(), acknowledge.policy(ours=frozenset({"support@house.example"}))


class Died(BaseException):
    """The hub was killed here."""


@dataclass
class MortalLog(MemoryLog):
    """Dies before or after the append that it is told to die at."""

    lives: int = 10**9
    die_after_commit: bool = False

    def __init__(self) -> None:
        super().__init__()

    async def append(self, request: Request) -> Any:
        self.lives -= 1
        if self.lives == 0 and not self.die_after_commit:
            raise Died
        answer = await super().append(request)
        if self.lives == 0:
            raise Died
        return answer


@dataclass
class Desk:
    """A hub that can be started again on the same log."""

    log: MortalLog = field(default_factory=MortalLog)
    secrets: LookupSecrets = field(default_factory=lambda: LookupSecrets(b"k" * 32))
    counters: MemoryCounters = field(default_factory=MemoryCounters)
    inboxes: dict[AccountId, Inbox] = field(default_factory=lambda: {SUPPORT: INBOX})
    policies: tuple[Policy, ...] = (DETECT, ACKNOWLEDGE)
    now: datetime = NOW

    def start(self) -> Reactions:
        transactor = Transactor(self.log, self.log.ring, StateCache(self.log), Random(1))
        naming = Naming(address_reply=SignedAddressing(self.secrets).reply, inbox_for=self.inboxes.get)
        return Reactions(
            log=self.log,
            transactor=transactor,
            secrets=self.secrets,
            counters=self.counters,
            caps=Caps(log=self.log, secrets=self.secrets, limits=SlidingLimits()),
            policies=self.policies,
            naming=naming,
            clock=lambda: self.now,
            pause=no_pause,
        )

    async def hear(self, text: str, stream: StreamId = ALICE, name: str = "m1", **fields: Any) -> MessageId:
        """A letter comes in."""
        message = MessageId(known_id(name))
        heard = received(message, new_text=text, **fields)
        await self.record(stream, opened(), talk_opened(), heard)
        return message

    async def record(self, stream: StreamId, *events: object) -> None:
        transactor = Transactor(self.log, self.log.ring, StateCache(self.log), Random(1))
        envelope = Envelope(actor=Actor(kind="customer", id="x"), command=CommandId(uuid4()))
        await transactor.transact(CUSTOMER, stream, lambda state: events, envelope)

    async def react(self, *policies: Policy) -> Reactions:
        reactions = self.start()
        for policy in policies or (DETECT, ACKNOWLEDGE):
            await reactions.catch_up(policy)
        return reactions

    async def facts(self, *kinds: type) -> list[Any]:
        return [fact.event for fact in await self.log.read_all() if isinstance(fact.event, kinds)]


async def no_pause(tries: int) -> None:
    """Tests do not wait."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_complaint_is_detected_registered_and_acknowledged(desk: Desk) -> None:
    message = await desk.hear("The kettle arrived broken and I want my money back.")
    await desk.react()
    detected, registered, letter, acknowledged = await desk.facts(
        ComplaintDetected, ComplaintRegistered, ReplyWritten, ComplaintAcknowledged
    )
    assert detected.message == message
    assert registered.number == "C-2026-00001"
    assert registered.received_at == NOW
    assert acknowledged.message == letter.message
    assert letter.message_ref.endswith("@house.example")
    assert letter.reply_to.startswith("support+")
    assert letter.author is None


async def test_every_reaction_names_its_cause_and_the_bot(desk: Desk) -> None:
    await desk.hear("I want to complain.")
    await desk.react()
    facts = {type(fact.event): fact for fact in await desk.log.read_all()}
    assert facts[ComplaintRegistered].envelope.cause == facts[MessageReceived].position
    assert facts[ReplyWritten].envelope.cause == facts[ComplaintRegistered].position
    assert facts[ComplaintDetected].envelope.actor == Actor(kind="bot", id="detect-complaint")


async def test_a_friendly_letter_leads_to_nothing(desk: Desk) -> None:
    await desk.hear("Thank you, works perfectly!")
    before = await desk.log.head()
    await desk.react()
    assert await desk.log.head() == before


async def test_shown_twice_it_happens_once(desk: Desk) -> None:
    await desk.hear("I want to complain.")
    await desk.react()
    desk.log.store.standing.marks.clear()
    await desk.react()
    assert len(await desk.facts(ComplaintRegistered)) == 1
    assert len(await desk.facts(ComplaintAcknowledged)) == 1


async def test_the_mark_says_how_far_it_got(desk: Desk) -> None:
    await desk.hear("I want to complain.")
    reactions = await desk.react(DETECT)
    assert await desk.log.mark(mark_name(DETECT)) == str(await desk.log.head()) == "5"
    assert await reactions.reached(DETECT) == 5
    assert await reactions.reached(ACKNOWLEDGE) == 0


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("lives", range(1, 8))
async def test_killed_anywhere_it_ends_the_same(desk: Desk, lives: int, committed: bool) -> None:
    for n in range(2):
        await desk.hear("I want to complain.", StreamId(known_id(f"customer {n}")), f"m{n}")
    desk.log.lives, desk.log.die_after_commit = lives, committed
    with suppress(Died):
        await desk.react()
    desk.log.lives = 10**9
    await desk.react()
    assert len(await desk.facts(ComplaintDetected)) == 2
    assert len({fact.number for fact in await desk.facts(ComplaintRegistered)}) == 2
    assert len(await desk.facts(ComplaintAcknowledged)) == 2
    assert len(await desk.facts(ReplyWritten)) == 2


async def test_without_once_keys_and_guards_a_repeated_reaction_would_repeat_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: a fresh once-key each time, and a decision that has forgotten what it said."""
    from hub.domain.complaint import decisions, moves
    from hub.domain.complaint.commands import Acknowledge

    def forgetful(command: Acknowledge, case: moves.Case) -> moves.Events:
        blank = replace(case.known, acknowledged=False)
        return moves.acknowledge(command, replace(case, complaint=blank))

    row = decisions.TABLE["registered", Acknowledge]
    table = {**decisions.TABLE, ("registered", Acknowledge): replace(row, move=forgetful)}
    monkeypatch.setattr(decisions, "TABLE", table)
    monkeypatch.setattr(LookupSecrets, "keyed", lambda self, *parts: uuid4().bytes * 2)
    await desk.hear("I want to complain.")
    await desk.react()
    desk.log.store.standing.marks.clear()
    await desk.react()
    assert len(await desk.facts(ComplaintAcknowledged)) == 2


async def test_an_old_message_marked_by_hand_is_found_and_acknowledged(desk: Desk) -> None:
    message = await desk.hear("It is a pity.")
    for n in range(200):
        await desk.record(ALICE, replace(received(MessageId(known_id(f"later {n}"))), new_text="And thanks."))
    by_hand = ComplaintRegistered(
        complaint=known_id("by hand"),  # type: ignore[arg-type]
        conversation=TALK,
        message=message,
        number="C-2026-00777",
        received_at=NOW,
    )
    await desk.record(ALICE, by_hand)
    await desk.react()
    (letter,) = await desk.facts(ReplyWritten)
    assert "C-2026-00777" in letter.text
    assert letter.answers == message
    assert await find_message(desk.log, ALICE, MessageId(known_id("never")), 203) is None


async def test_without_a_mailbox_it_is_on_record_that_nobody_wrote(desk: Desk) -> None:
    desk.inboxes.clear()
    await desk.hear("I want to complain.")
    await desk.react()
    (withheld,) = await desk.facts(AcknowledgementWithheld)
    assert withheld.why == "no mailbox is connected to write from"
    assert await desk.facts(ReplyWritten) == []


async def test_a_robot_s_complaint_marked_by_hand_is_not_answered(desk: Desk) -> None:
    message = await desk.hear("I want to complain.", automatic="Auto-Submitted")
    await desk.record(
        ALICE,
        ComplaintRegistered(
            complaint=known_id("c"),  # type: ignore[arg-type]
            conversation=TALK,
            message=message,
            number="C-2026-00001",
            received_at=NOW,
        ),
    )
    await desk.react()
    (withheld,) = await desk.facts(AcknowledgementWithheld)
    assert withheld.why == "a machine wrote the letter"


async def test_spam_from_the_start_is_neither_detected_nor_answered(desk: Desk) -> None:
    await desk.hear("I want to complain.")
    await desk.record(ALICE, ConversationMarkedSpam(conversation=TALK, why="honeypot"))
    await desk.react()
    assert await desk.facts(ComplaintDetected, ComplaintRegistered, ReplyWritten) == []


async def test_a_form_is_receipted_once_and_spam_is_not(desk: Desk) -> None:
    receipts = receipt.policy(acknowledged_by=detect_complaint.shipped())
    form = {"channel": "webform", "message_ref": "W-ABCD-EFG2"}
    await desk.hear("When do you open?", ALICE, "m1", **form)
    await desk.hear("Buy pills", BOB, "m2", **form)
    await desk.record(BOB, ConversationMarkedSpam(conversation=TALK, why="honeypot"))
    await desk.react(receipts)
    desk.log.store.standing.marks.clear()
    await desk.react(receipts)
    (letter,) = await desk.facts(ReplyWritten)
    assert letter.kind == "receipt"
    assert letter.message_ref


async def test_a_form_without_a_mailbox_is_not_receipted(desk: Desk) -> None:
    desk.inboxes.clear()
    await desk.hear("When do you open?", channel="webform", message_ref="W-ABCD-EFG2")
    await desk.react(receipt.policy())
    assert await desk.facts(ReplyWritten) == []


async def test_the_fourth_complaint_of_a_day_gets_no_letter(desk: Desk) -> None:
    for n in range(5):
        talk = known_id(f"talk {n}")
        heard = received(MessageId(known_id(f"m{n}")), conversation=talk, new_text="I want to complain.")
        await desk.record(ALICE, *([opened()] if n == 0 else []), talk_opened(conversation=talk), heard)
    await desk.react()
    assert len(await desk.facts(ComplaintRegistered)) == 5
    assert len(await desk.facts(ReplyWritten)) == 3
    assert len(await desk.facts(AcknowledgementWithheld)) == 2


@dataclass
class Queasy:
    """A policy that can't digest the letters of one customer until it is cured."""

    cured: bool = False
    shown: int = 0

    def policy(self) -> Policy:
        return Policy(name="queasy", hears=frozenset({MessageReceived}), react=self.react)

    def react(self, event: MessageReceived, memory: Memory, now: datetime) -> Sequence[Command]:
        self.shown += 1
        if not self.cured and event.new_text == "poison":
            raise RuntimeError
        return DETECT.react(event, memory, now)


async def test_poison_is_tried_three_times_then_parked_and_stops_nobody(desk: Desk) -> None:
    queasy = Queasy()
    await desk.hear("poison", ALICE, "m1")
    await desk.hear("I want to complain.", BOB, "m2")
    reactions = await desk.react(queasy.policy())
    assert queasy.shown == 4
    (parked,) = await desk.facts(ReactionParked)
    assert parked == ReactionParked(policy="queasy", cause=Position(3), stream=ALICE, why="RuntimeError")
    assert len(await desk.facts(ComplaintRegistered)) == 1
    assert await reactions.parking.waiting("queasy") == [parked]
    assert await reactions.reached(queasy.policy()) == await desk.log.head()


async def test_parked_poison_can_be_tried_again_after_a_fix(desk: Desk) -> None:
    queasy = Queasy()
    await desk.hear("poison")
    reactions = await desk.react(queasy.policy())
    assert not await reactions.try_again(queasy.policy(), Position(3))
    queasy.cured = True
    assert await reactions.try_again(queasy.policy(), Position(3))
    assert await reactions.parking.waiting("queasy") == []
    assert len(await desk.facts(ReactionParked)) == len(await desk.facts(ReactionRecovered)) == 1


async def test_running_it_reacts_to_what_comes(desk: Desk) -> None:
    reactions = desk.start()
    runs = [asyncio.create_task(reactions.run(policy)) for policy in (DETECT, ACKNOWLEDGE)]
    await desk.hear("I want to complain.")
    try:
        async with asyncio.timeout(20):
            async for page in desk.log.follow():
                if any(isinstance(fact.event, ComplaintAcknowledged) for fact in page):
                    break
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
    assert len(await desk.facts(ComplaintAcknowledged)) == 1


def test_two_orders_of_one_cause_decide_one_on_another() -> None:
    """Detecting and registering agree with what they would be in one append."""
    from hub.domain.customer.state import fold

    state = fold([opened(), talk_opened(), received()])
    memory = Memory(derive=partial(known_id))
    orders = DETECT.react(received(new_text="I want to complain."), memory, NOW)
    assert [type(event) for event in decide_all(orders, state, NOW)] == [
        ComplaintDetected,
        ComplaintRegistered,
    ]


async def serve(desk: Desk, *policies: Policy, until: Callable[[], Awaitable[object]]) -> None:
    """The policies run as in a hub, until something is so."""
    reactions = replace(desk.start(), policies=policies)
    runs = [asyncio.create_task(reactions.run(policy)) for policy in policies]
    try:
        async with asyncio.timeout(20):
            while not await until():  # noqa: ASYNC110 - any condition on the log
                await asyncio.sleep(0.001)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


async def test_letters_from_before_the_first_start_are_heard(desk: Desk) -> None:
    await desk.hear("I want to complain.")
    await serve(desk, DETECT, ACKNOWLEDGE, until=partial(desk.facts, ComplaintAcknowledged))
    assert len(await desk.facts(ComplaintAcknowledged)) == 1


async def test_a_policy_added_later_leaves_the_past_alone(desk: Desk) -> None:
    await desk.hear("I want to complain.", ALICE, "m1")
    await serve(desk, DETECT, until=partial(desk.facts, ComplaintRegistered))
    await serve(desk, DETECT, ACKNOWLEDGE, until=partial(desk.log.mark, mark_name(ACKNOWLEDGE)))
    assert await desk.log.mark(mark_name(ACKNOWLEDGE)) == "5"
    await desk.hear("I want to complain.", BOB, "m2")
    await serve(desk, DETECT, ACKNOWLEDGE, until=partial(desk.facts, ComplaintAcknowledged))
    (letter,) = await desk.facts(ReplyWritten)
    assert letter.answers == MessageId(known_id("m2"))


async def test_without_a_mark_of_its_own_it_would_write_to_the_whole_past(desk: Desk) -> None:
    """The negative control: beginning at 0, the old complaint gets a letter too."""
    await desk.hear("I want to complain.", ALICE, "m1")
    await serve(desk, DETECT, until=partial(desk.facts, ComplaintRegistered))
    await desk.start().catch_up(ACKNOWLEDGE)
    assert len(await desk.facts(ReplyWritten)) == 1


async def test_poison_survives_a_restart_and_is_tried_again_at_the_next_start(desk: Desk) -> None:
    queasy = Queasy()
    await desk.hear("poison")
    await desk.react(queasy.policy())
    desk.log.store.standing.marks.clear()
    (parked,) = await desk.start().parking.waiting("queasy")
    assert (parked.cause, parked.why) == (3, "RuntimeError")
    queasy.cured = True
    await serve(desk, queasy.policy(), until=partial(desk.facts, ReactionRecovered))
    assert await desk.start().parking.waiting("queasy") == []


async def test_the_same_poison_twice_is_parked_once(desk: Desk) -> None:
    await desk.hear("poison")
    await desk.react(Queasy().policy())
    desk.log.store.standing.marks.clear()
    await desk.react(Queasy().policy())
    assert len(await desk.facts(ReactionParked)) == 1


async def test_a_capped_complaint_says_why_there_is_no_letter(desk: Desk) -> None:
    """One address, five customer streams: the address counts, not the customer."""
    for n in range(5):
        await desk.hear("I want to complain.", StreamId(known_id(f"customer {n}")), f"m{n}")
    await desk.react()
    assert len(await desk.facts(ReplyWritten)) == 3
    withheld = await desk.facts(AcknowledgementWithheld)
    assert {fact.why for fact in withheld} == {"the daily limit of automatic letters is reached"}
    desk.now = NOW + timedelta(days=1)
    await desk.hear("I want to complain.", StreamId(known_id("customer 6")), "m6")
    await desk.react()
    assert len(await desk.facts(ReplyWritten)) == 4
