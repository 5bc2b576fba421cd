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
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hub.app.caps import Capped, Caps
from hub.app.completing import Naming, completed, find_message
from hub.app.kinds import CUSTOMER
from hub.app.parking import POLICY, Parking
from hub.app.ports import Clock, Counters, Envelope, EventLog, LogStopped, Mark, Recorded, Secrets
from hub.app.traces import span
from hub.app.transact import OutOfDate, Plan, Transactor
from hub.domain.complaint.commands import Acknowledge
from hub.domain.conversation.commands import WriteReply
from hub.domain.conversation.events import ReplyWritten
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

ROUNDS: Final = 100
"""How often a letter looks for its place again while others take places; each lost round is somebody else's letter."""


async def briefly(tries: int) -> None:
    """A short pause between two tries."""
    await asyncio.sleep(0.05 * 2**tries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions:
    """The ports of the policies.

    `policies`: all that run on this log. `caps`: how many letters may go to whom.
    """

    log: EventLog
    transactor: Transactor
    secrets: Secrets
    counters: Counters
    naming: Naming
    clock: Clock
    caps: Caps
    policies: Sequence[Policy] = ()
    pause: Callable[[int], Awaitable[None]] = briefly

    @property
    def parking(self) -> Parking:
        return Parking(transactor=self.transactor, secrets=self.secrets)

    async def run(self, policy: Policy) -> None:
        """Show `policy` everything from its mark on, for ever; first, once more, what it could not digest before."""
        await self.begin()
        for parked in await self.parking.waiting(policy.name):
            await self.try_again(policy, parked.cause)
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

    async def begin(self) -> None:
        """Set the marks that are missing: all on a log that no policy has seen, else a new policy begins at the head.

        So letters that came before the first start are heard, and a policy added later leaves the past alone.
        """
        missing = [policy for policy in self.policies if await self.log.mark(mark_name(policy)) is None]
        if not missing:
            return
        start = Position(0) if len(missing) == len(self.policies) else await self.log.head()
        marks = [Mark(name=mark_name(policy), expected=None, new=str(start)) for policy in missing]
        with suppress(OutOfDate):
            await self._mark(missing[0], marks)

    async def try_again(self, policy: Policy, cause: Position) -> bool:
        """Show a parked cause again, after a fix; whether it went through."""
        (fact,) = await self.log.read_all(after=cause - 1, limit=1)
        if await self._fault(policy, fact) is not None:
            return False
        await self.parking.recovered(policy.name, cause)
        return True

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
            await self.parking.park(policy.name, fact, fault)

    async def _fault(self, policy: Policy, fact: Recorded) -> Exception | None:
        """What went wrong, None when all is on record. A log that stopped is nobody's poison."""
        try:
            with span("policy.react", policy=policy.name, position=fact.position):
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
        for _ in range(ROUNDS):
            ordered = await self.caps.capped(command, self.clock())
            if ordered is None:
                return None
            with suppress(OutOfDate):
                return await self._record(policy, fact, index, ordered)
        raise TimeoutError("other letters to this address took every place")

    async def _record(self, policy: Policy, fact: Recorded, index: int, ordered: Capped) -> None:
        """The reaction's own append; places are taken only with a letter."""
        once = self.secrets.keyed("reaction", policy.name, str(index), *_cause(fact))
        name = self.secrets.derived("reaction command", policy.name, str(index), *_cause(fact))
        envelope = Envelope(
            actor=Actor(kind="bot", id=policy.name),
            command=CommandId(name),
            cause=fact.position,
            correlation=fact.envelope.correlation,
        )

        def plan(state: CustomerState) -> Plan:
            events = tuple(decide(ordered.command, state, self.clock()))
            marks = ordered.places if any(isinstance(event, ReplyWritten) for event in events) else ()
            return Plan(events=events, once=(once,), marks=marks) if events else Plan()

        with suppress(Refusal):
            await self.transactor.transact(
                CUSTOMER, fact.stream, plan, envelope, items=_items(ordered.command)
            )

    async def _move_mark(self, policy: Policy, position: Position) -> None:
        """Another process may have moved it already: then it stands where it should."""
        stands = await self.log.mark(mark_name(policy))
        if stands is not None and int(stands) >= position:
            return
        with suppress(OutOfDate):
            await self._mark(policy, [Mark(name=mark_name(policy), expected=stands, new=str(position))])

    async def _mark(self, policy: Policy, marks: Sequence[Mark]) -> None:
        moved = (part for mark in marks for part in (mark.name, mark.new))
        envelope = Envelope(
            actor=Actor(kind="system", id="reactions"),
            command=CommandId(self.secrets.derived("policy mark", *moved)),
        )
        stream = self.parking.stream(policy.name)
        await self.transactor.transact(POLICY, stream, lambda state: Plan(marks=tuple(marks)), envelope)


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
