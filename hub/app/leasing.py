"""Work that one process at a time may do: a lease says whose turn it is, and the record itself fences off whoever lost it.

A lease is only a hint about time: a process that was stopped may wake up when its lease is long another's, and act before
it looks. So each turn begins by raising a mark in the log, and what must not be done by two carries that mark along: an
append of an earlier turn then finds it moved, and nothing of it is recorded (record rule 7).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from hub.app.enduring import Endurance
from hub.app.ports import Appended, Envelope, EventLog, Leases, LogPaused, Mark, Request, TablesAway
from hub.app.transact import OutOfDate
from hub.domain.ids import CommandId
from hub.domain.vocabulary import Actor

log = logging.getLogger("amends.leases")

LEASING: Final = Actor(kind="system", id="leasing")
LEASE_S: Final = 15.0
"""How long work stands still after the process that did it was killed; longer than the last word of a letter takes."""
PARTS: Final = 5
"""A lease is renewed, and asked for, so many times within its length."""
PAUSE_S: Final = 1.0
"""Before work goes on that the log held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One turn of one piece of work: its marks go into every append that no earlier turn may make any more."""

    marks: tuple[Mark, ...] = ()


UNFENCED: Final = Fence()
"""For work that nobody else does, or that the record makes single by itself."""

Work = Callable[[Fence], Awaitable[None]]
"""Runs until it is cancelled. May raise `OutOfDate` when it finds that its turn is over."""


class Turns(Protocol):
    """Who does a piece of work, and when."""

    @property
    def endurance(self) -> Endurance: ...

    async def run(self, name: str, work: Work) -> None:
        """Do `work` whenever it is this process's turn, for ever; what fails is tried again. Raises what is fatal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """One process does everything (its data folder is locked): always its turn."""

    endurance: Endurance = field(default_factory=Endurance)

    async def run(self, name: str, work: Work) -> None:
        while True:
            await self.endurance.once(name, partial(_unless_paused, name, work, UNFENCED), PAUSE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leasing:
    """Turns among processes on one record. This one is known to the others as `holder`; `seconds`: the length of a lease."""

    leases: Leases
    log: EventLog
    holder: str
    seconds: float = LEASE_S
    endurance: Endurance = field(default_factory=Endurance)

    async def run(self, name: str, work: Work) -> None:
        while True:
            await self.endurance.once(name, partial(self._asked, name, work), self.seconds / PARTS)

    async def _asked(self, name: str, work: Work) -> None:
        """A turn, if one can be had."""
        try:
            asked = self._now()
            number = await self.leases.take(name, self.holder, self.seconds)
            if number is None:
                self.endurance.forget(name)  # whoever has it tells how it goes
            else:
                await self._turn(name, number, work, asked + self.seconds)
        except TablesAway as away:
            log.warning("no lease can be had", extra={"lease": name, "why": str(away)})

    async def _turn(self, name: str, number: int, work: Work, until: float) -> None:
        """Until the work ends, or the lease does. A letter on the wire gets its answer before the lease is given back."""
        keeping = asyncio.create_task(self._keep(name, number, until), name=f"keeping {name}")
        doing = asyncio.create_task(self._do(name, number, work), name=name)
        try:
            await asyncio.wait((doing, keeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _stopped(doing)
            await _stopped(keeping)
            await self._give_back(name, number)
        if not doing.cancelled():
            doing.result()

    async def _give_back(self, name: str, number: int) -> None:
        """So that nobody waits for its end. Tables that are away must not get in the way of a stop."""
        try:
            await self.leases.release(name, self.holder, number)
        except TablesAway as away:
            log.warning("a lease can't be given back and runs out", extra={"lease": name, "why": str(away)})

    async def _do(self, name: str, number: int, work: Work) -> None:
        async def fenced(_: Fence) -> None:
            fence = await self._fence(name)
            if not await self.leases.renew(name, self.holder, number, self.seconds):
                # We raised the mark of whoever took over: it will see that, and begin again.
                raise OutOfDate(None)
            await work(fence)

        try:
            await _unless_paused(name, fenced, UNFENCED)
        except OutOfDate:
            log.warning("another process has taken over", extra={"lease": name})

    async def _fence(self, name: str) -> Fence:
        """Raise the mark: from here on no append of an earlier turn goes through."""
        while True:
            before = await self.log.mark(mark_name(name))
            turn = f"{number_of(before) + 1}:{uuid4().hex}"  # nobody else ever raises it to the same
            mark = Mark(name=mark_name(name), expected=before, new=turn)
            envelope = Envelope(actor=LEASING, command=CommandId(uuid4()))
            if isinstance(await self.log.append(Request(envelope=envelope, marks=(mark,))), Appended):
                return Fence(marks=(Mark(name=mark.name, expected=turn, new=turn),))

    async def _keep(self, name: str, number: int, until: float) -> None:
        """Returns once the lease is lost, or could not be renewed until it ended (on this loop's clock), whatever the tables do."""
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout_at(until):
                    await asyncio.sleep(self.seconds / PARTS)
                    asked = self._now()
                    try:
                        if not await self.leases.renew(name, self.holder, number, self.seconds):
                            break
                        until = asked + self.seconds
                    except TablesAway as away:
                        log.warning("a lease can't be renewed", extra={"lease": name, "why": str(away)})
        log.warning("a lease was lost", extra={"lease": name})

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def number_of(mark: str | None) -> int:
    """How often a fence was raised: what stands before its colon."""
    return int((mark or "0").partition(":")[0])


def mark_name(name: str) -> str:
    """The mark that fences the work of that name."""
    return f"fence:{name}"


async def _unless_paused(name: str, work: Work, fence: Fence) -> None:
    """A log that goes on by itself is no reason to end, nor are views that lag behind."""
    try:
        await work(fence)
    except LogPaused as paused:
        log.warning("the log holds this work up", extra={"work": name, "why": str(paused)})
    except TimeoutError:
        log.warning("the views hold this work up", extra={"work": name})


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
