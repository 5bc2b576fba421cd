"""The one way to write: a turn per stream, its state, a pure decision, an append (record rule 10). Nobody else appends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from random import Random
from typing import Final, Generic, TypeAlias, TypeVar, assert_never
from uuid import UUID
from weakref import WeakValueDictionary

from hub.app.ports import (
    AlreadyDone,
    Answer,
    Appended,
    Conflict,
    Envelope,
    EventLog,
    Keys,
    Mark,
    Release,
    Request,
    Take,
    Taken,
    Write,
)
from hub.app.statecache import Kind, Known, StateCache
from hub.app.traces import span
from hub.domain.errors import Busy, Refusal
from hub.domain.ids import Position, StreamId

PERSONS_TRIES: Final = 5
LONGEST_PAUSE: Final = 0.1
"""Seconds between two tries."""

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a decision came to. `events` are for its own stream, `also` for others (or only check that they stand still)."""

    events: tuple[object, ...] = ()
    once: tuple[bytes, ...] = ()
    claims: tuple[Take | Release, ...] = ()
    marks: tuple[Mark, ...] = ()
    also: tuple[Write, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Already so: nothing is left to record. Checks alone change nothing."""
        return not (
            self.events or self.once or self.claims or self.marks or any(write.events for write in self.also)
        )


Decide: TypeAlias = Callable[[S], "Sequence[object] | Plan"]
"""Pure. No events mean "already so"; a `Refusal` means no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[S]):
    """`position`: the last one recorded, or the stream's last when it was already so. `answer`: None when nothing was appended."""

    position: Position
    answer: Appended | AlreadyDone | None
    state: S


class ClaimTaken(Exception):
    """Another stream holds the claim: resolve again, decide again, seal again (record rule 16)."""

    def __init__(self, key: bytes, holder: StreamId) -> None:
        super().__init__(str(holder))
        self.key = key
        self.holder = holder


class OutOfDate(Exception):
    """A mark, or another stream that the plan wrote to or checked (`stream`; None: a mark), stands elsewhere: look again, decide again."""

    def __init__(self, stream: StreamId | None) -> None:
        super().__init__(str(stream))
        self.stream = stream


@dataclass(frozen=True, slots=True)
class Command(Generic[S]):
    """Everything one turn needs."""

    kind: Kind[S]
    stream: StreamId
    decide: Decide[S]
    envelope: Envelope
    items: Sequence[UUID]


class Transactor:
    """Commands on one stream wait for each other here; those of other processes meet at the log's version check."""

    def __init__(self, log: EventLog, keys: Keys, states: StateCache, rng: Random) -> None:
        self._log = log
        self._keys = keys
        self._states = states
        self._rng = rng
        self._turns: WeakValueDictionary[StreamId, asyncio.Lock] = WeakValueDictionary()

    async def transact(
        self,
        kind: Kind[S],
        stream: StreamId,
        decide: Decide[S],
        envelope: Envelope,
        *,
        items: Sequence[UUID] = (),
        person: bool = False,
    ) -> Done[S]:
        """Decide on the stream's current state and record what comes of it.

        `items`: conversations and complaints the command names; closed ones are put back for deciding.
        `person`: after five lost races a person is told `Busy`; a machine goes on until it is done.
        Raises `Refusal`, `ClaimTaken`, `OutOfDate`, `LogStopped`.
        """
        command = Command(kind, stream, decide, envelope, items)
        with span(
            "command", stream=str(stream), command=str(envelope.command), by=envelope.actor.kind
        ) as step:
            async with self._turns.setdefault(stream, asyncio.Lock()):
                tries = 1
                while not (done := await self._try(command)):
                    if person and tries == PERSONS_TRIES:
                        raise Busy
                    await self._pause(tries)
                    tries += 1
                step.note(tries=tries, position=done.position)
                return done

    async def state(self, kind: Kind[S], stream: StreamId) -> S:
        """The state as it is now on record, for questions that come before a command."""
        return (await self._states.refresh(kind, stream)).state

    async def _try(self, command: Command[S]) -> Done[S] | None:
        """None: somebody else wrote first, and the state is fresh again."""
        known = await self._states.load(command.kind, command.stream)
        view = await self._states.with_items(command.kind, command.stream, known, command.items)
        try:
            plan = planned(command.decide(view))
        except Refusal:
            if await self._moved_on(command, known):
                return None
            raise
        if plan.is_empty:
            return None if await self._moved_on(command, known) else await self._already_so(command, known)
        if not known.version:
            await self._keys.ensure(command.stream)  # the key is committed before anything is sealed under it
        with span("log.append", events=len(plan.events)):
            answer = await self._log.append(requested(command, plan, known.version))
        return await self._answered(command, plan, known, answer)

    async def _answered(
        self, command: Command[S], plan: Plan, known: Known[S], answer: Answer
    ) -> Done[S] | None:
        match answer:
            case Appended():
                return await self._recorded(command, plan, known, answer)
            case AlreadyDone(positions=positions):
                now = await self._states.refresh(command.kind, command.stream)
                return Done(position=max(positions), answer=answer, state=now.state)
            case Taken(key=key, holder=holder):
                raise ClaimTaken(key, holder)
            case Conflict(stream=stream) if stream == command.stream:
                await self._states.refresh(command.kind, command.stream)
                return None
            case Conflict(stream=stream):
                raise OutOfDate(stream)
            case _:
                assert_never(answer)

    async def _recorded(self, command: Command[S], plan: Plan, known: Known[S], answer: Appended) -> Done[S]:
        for write in plan.also:
            self._states.forget(write.stream)
        own = len(plan.events)
        now = Known(
            version=known.version + own,
            state=reduce(command.kind.evolve, plan.events, known.state),
            position=answer.positions[own - 1] if own else known.position,
        )
        self._states.keep(command.stream, now)
        position = answer.positions[-1] if answer.positions else await self._last(command, now)
        return Done(position=position, answer=answer, state=now.state)

    async def _already_so(self, command: Command[S], known: Known[S]) -> Done[S]:
        return Done(position=await self._last(command, known), answer=None, state=known.state)

    async def _last(self, command: Command[S], known: Known[S]) -> Position:
        """Where the stream's last event stands; 0 for a new stream."""
        if known.position or not known.version:
            return known.position
        facts = await self._log.read_stream(command.stream, after=known.version - 1, limit=1)
        return facts[-1].position

    async def _moved_on(self, command: Command[S], known: Known[S]) -> bool:
        """Whether the decision rested on an old state: what changes nothing is answered only from the current one."""
        if await self._log.version(command.stream) == known.version:
            return False
        await self._states.refresh(command.kind, command.stream)
        return True

    async def _pause(self, tries: int) -> None:
        await asyncio.sleep(self._rng.uniform(0, min(LONGEST_PAUSE, 0.002 * 2 ** min(tries, 10))))


def planned(decided: Sequence[object] | Plan) -> Plan:
    return decided if isinstance(decided, Plan) else Plan(events=tuple(decided))


def requested(command: Command[S], plan: Plan, version: int) -> Request:
    """The own stream is always checked, for the decision rested on it."""
    own = Write(stream=command.stream, expected=version, events=plan.events)
    return Request(
        envelope=command.envelope,
        writes=(own, *plan.also),
        once=plan.once,
        claims=plan.claims,
        marks=plan.marks,
    )
