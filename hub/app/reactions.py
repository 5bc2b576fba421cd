"""Policies at work: each fact of the log is shown to each policy once in effect, and what it orders is put on record.

Every reaction is an append of its own, single by a once-key that its cause gives again; when all of a page are on record, or
parked where a person sees them, the policy's mark moves by an append of its own (record rule 11). A kill anywhere in
between leads to the same commands, and those find themselves done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from hub.app.completing import Naming, completed, find_message
from hub.app.kinds import CUSTOMER
from hub.app.ports import Clock, Counters, Envelope, EventLog, LogStopped, Mark, Recorded, Secrets
from hub.app.statecache import Kind
from hub.app.transact import OutOfDate, Plan, Transactor
from hub.domain.complaint.commands import Acknowledge
from hub.domain.conversation.commands import WriteReply
from hub.domain.customer.decisions import Command, decide
from hub.domain.customer.state import CustomerState
from hub.domain.errors import Refusal
from hub.domain.ids import CommandId, Position, StreamId
from hub.domain.policy import Memory, Policy
from hub.domain.vocabulary import Actor

log = logging.getLogger("amends.reactions")

TRIES: Final = 3
"""How often a cause is tried before it is parked as poison."""

AT_ONCE: Final = 16
"""Streams whose facts are worked on at the same time; within a stream the order is kept."""

IDLE_FACTS: Final = 500
"""The mark moves at least this often although nothing was done: looking at a fact again is cheaper than an append."""

MARKS: Final[Kind[None]] = Kind(initial=None, evolve=lambda state, event: state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A cause that a policy could not digest. `why` names the fault and holds nothing personal."""

    policy: str
    position: Position
    stream: StreamId
    why: str


async def briefly(tries: int) -> None:
    """A short pause between two tries."""
    await asyncio.sleep(0.05 * 2**tries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions:
    """The ports of the policies.

    `poison`: what is parked, oldest first; a page of the desk shows it.
    """

    log: EventLog
    transactor: Transactor
    secrets: Secrets
    counters: Counters
    naming: Naming
    clock: Clock
    pause: Callable[[int], Awaitable[None]] = briefly
    poison: list[Poison] = field(default_factory=list)

    async def run(self, policy: Policy) -> None:
        """Show `policy` everything from its mark on, for ever."""
        after = await self.reached(policy)
        async for page in self.log.follow(after=after):
            after = await self._digest(policy, page, after)

    async def catch_up(self, policy: Policy) -> None:
        """Show `policy` what is on record now, and what comes of that."""
        after = await self.reached(policy)
        while page := await self.log.read_all(after=after):
            worked = await self._page(policy, page)
            await self._move_mark(policy, page[-1].position)
            after = page[-1].position
            log.debug("caught up", extra={"policy": policy.name, "position": after, "reactions": worked})

    async def reached(self, policy: Policy) -> Position:
        """Up to where the policy's mark says that all is done; 0 for nothing yet."""
        return Position(int(await self.log.mark(mark_name(policy)) or 0))

    async def try_again(self, policy: Policy, parked: Poison) -> bool:
        """Show a parked cause again, after a fix; whether it went through."""
        facts = await self.log.read_all(after=parked.position - 1, limit=1)
        with suppress(ValueError):
            self.poison.remove(parked)
        before = len(self.poison)
        for fact in facts:
            await self._digestible(policy, fact)
        return len(self.poison) == before

    async def _digest(self, policy: Policy, page: Sequence[Recorded], marked: Position) -> Position:
        """Where the mark stands afterwards."""
        worked = await self._page(policy, page)
        last = page[-1].position
        if not worked and last - marked < IDLE_FACTS:
            return marked
        await self._move_mark(policy, last)
        return last

    async def _page(self, policy: Policy, page: Sequence[Recorded]) -> int:
        """How many facts concerned the policy; when this returns, each is on record or parked."""
        heard: dict[StreamId, list[Recorded]] = {}
        for fact in page:
            if type(fact.event) in policy.hears:
                heard.setdefault(fact.stream, []).append(fact)
        places = asyncio.Semaphore(AT_ONCE)
        work = (self._in_order(policy, facts, places) for facts in heard.values())
        for ended in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended
        return sum(map(len, heard.values()))

    async def _in_order(self, policy: Policy, facts: Sequence[Recorded], places: asyncio.Semaphore) -> None:
        async with places:
            for fact in facts:
                await self._digestible(policy, fact)

    async def _digestible(self, policy: Policy, fact: Recorded) -> None:
        """Three tries, then parked: one bad cause stops nobody else's."""
        fault = await self._fault(policy, fact)
        for tries in range(1, TRIES):
            if fault is None:
                return
            await self.pause(tries)
            fault = await self._fault(policy, fact)
        if fault is not None:
            why = type(fault).__name__
            self.poison.append(
                Poison(policy=policy.name, position=fact.position, stream=fact.stream, why=why)
            )

    async def _fault(self, policy: Policy, fact: Recorded) -> Exception | None:
        """What went wrong, None when all is on record. A log that stopped is nobody's poison."""
        try:
            await self._react(policy, fact)
        except LogStopped:
            raise
        except Exception as fault:
            log.exception("a policy failed", extra={"policy": policy.name, "position": fact.position})
            return fault
        return None

    async def _react(self, policy: Policy, fact: Recorded) -> None:
        memory = await self._memory(policy, fact)
        for index, thought in enumerate(policy.react(fact.event, memory, self.clock())):
            command = await completed(thought, self.counters, self.naming)
            if command is not None:
                await self._order(policy, fact, index, command)

    async def _memory(self, policy: Policy, fact: Recorded) -> Memory:
        about = policy.about(fact.event)
        message = None if about is None else await find_message(self.log, fact.stream, about, fact.version)

        def derive(purpose: str) -> UUID:
            return self.secrets.derived("reaction", policy.name, purpose, *_cause(fact))

        return Memory(derive=derive, message=message)

    async def _order(self, policy: Policy, fact: Recorded, index: int, command: Command) -> None:
        """A refusal is an answer: asked again, it would be the same."""
        once = self.secrets.keyed("reaction", policy.name, str(index), *_cause(fact))
        envelope = Envelope(
            actor=Actor(kind="bot", id=policy.name),
            command=CommandId(
                self.secrets.derived("reaction command", policy.name, str(index), *_cause(fact))
            ),
            cause=fact.position,
            correlation=fact.envelope.correlation,
        )

        def plan(state: CustomerState) -> Plan:
            events = tuple(decide(command, state, self.clock()))
            return Plan(events=events, once=(once,)) if events else Plan()

        with suppress(Refusal):
            await self.transactor.transact(CUSTOMER, fact.stream, plan, envelope, items=_items(command))

    async def _move_mark(self, policy: Policy, position: Position) -> None:
        """Another process may have moved it already: then it stands where it should."""
        name = mark_name(policy)
        stream = StreamId(self.secrets.derived("policy", policy.name))
        stands = await self.log.mark(name)
        if stands is not None and int(stands) >= position:
            return
        mark = Mark(name=name, expected=stands, new=str(position))
        envelope = Envelope(
            actor=Actor(kind="system", id="reactions"),
            command=CommandId(self.secrets.derived("policy mark", policy.name, str(position))),
        )
        with suppress(OutOfDate):
            await self.transactor.transact(MARKS, stream, lambda state: Plan(marks=(mark,)), envelope)


def mark_name(policy: Policy) -> str:
    return f"policy:{policy.name}"


def _cause(fact: Recorded) -> tuple[str, bytes]:
    """The nonce too: after a restore another fact may stand at the same position."""
    return str(fact.position), fact.nonce


def _items(command: Command) -> tuple[UUID, ...]:
    """The conversation and complaint that a command names: closed ones are put back for deciding."""
    said = command.letter if isinstance(command, Acknowledge | WriteReply) else command
    named = (getattr(said, "conversation", None), getattr(command, "complaint", None))
    return tuple(one for one in named if one is not None)
