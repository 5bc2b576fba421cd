"""Letters on their way out: reserve the attempt on record, touch the socket, record what became of it (record rules 26, 27).

Automatic letters are at most once on the wire: an attempt without a known end is uncertain and waits for a person.
A person's letter is at least once: it is repeated under the same Message-ID and stays marked as uncertain.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from hub.app.kinds import CUSTOMER
from hub.app.leasing import UNFENCED, Fence
from hub.app.ports import (
    Appended,
    BlobMissing,
    Clock,
    Complaints,
    Envelope,
    LogPaused,
    Secrets,
    Sender,
    TablesAway,
)
from hub.app.traces import span
from hub.app.transact import Plan, Transactor
from hub.domain.conversation.commands import ConfirmDelivery, LetterCommand, MarkUncertain, StartDelivery
from hub.domain.customer.decisions import decide
from hub.domain.errors import Refusal
from hub.domain.ids import AccountId, CommandId, ConversationId, CustomerId, MessageId, StreamId
from hub.domain.letters import Deferred, Delivery, Outgoing, Refused, Uncertain
from hub.domain.vocabulary import Actor

log = logging.getLogger("amends.delivery")

POSTMAN: Final = Actor(kind="system", id="delivery")
AT_ONCE: Final = 20
"""Letters looked up in one go."""

PAUSE_S: Final = 0.5
"""Before looking again when nothing could be done."""

LAST_WORD_S: Final = 10.0
"""How long a stopping hub waits for the answer to a letter that is on the wire."""

T = TypeVar("T")
NextTry = Callable[[int, Random], timedelta | None]
"""How long to wait after attempt n; None: give up."""


class Posted(Protocol):
    """Where a letter of ours stands, as the outbox view tells it."""

    @property
    def message(self) -> MessageId: ...
    @property
    def customer(self) -> CustomerId: ...
    @property
    def conversation(self) -> ConversationId: ...
    @property
    def account(self) -> AccountId: ...
    @property
    def automatic(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def attempt(self) -> int: ...


class Outbox(Protocol):
    """The questions of the outbox view. `changed` returns when it may have new answers, or at `until`."""

    async def due(self, now: datetime, limit: int) -> Sequence[Posted]: ...
    async def unfinished(self) -> Sequence[Posted]: ...
    async def next_due(self) -> datetime | None: ...
    async def changed(self, until: datetime | None) -> None: ...
    async def reached(self, position: int) -> None: ...
    async def letter(self, message: MessageId) -> Outgoing | None: ...


async def ended(work: Coroutine[Any, Any, T]) -> T:
    """Let what has begun come to its end although the hub stops, within reason."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_WORD_S)
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Postman:
    """The ports of delivery for one inbox, or for whatever its `outbox` is asked about: who stands still holds nobody else.

    `paused` answers whether sending waits for a word (after a restore, record rule 25). `fence`: this turn's; a process that
    was stopped and has lost its turn begins no letter any more, for that would be a second one.
    """

    outbox: Outbox
    complaints: Complaints
    transactor: Transactor
    secrets: Secrets
    senders: Mapping[AccountId, Sender]
    next_try: NextTry
    clock: Clock
    paused: Callable[[], Awaitable[bool]]
    chance: Random = field(default_factory=Random)
    fence: Fence = UNFENCED

    async def run(self) -> None:
        """Send what is due, for ever; first settle what a crash left open."""
        await self.recover()
        while True:
            if await self.paused():
                await asyncio.sleep(PAUSE_S)
            else:
                await self.send_due()
            await self.outbox.changed(await self.outbox.next_due())

    async def recover(self) -> None:
        """Whatever was started and never ended is uncertain; the outbox repeats a person's letter, no other."""
        for posted in await self.outbox.unfinished():
            await self._command(posted, MarkUncertain(message=posted.message, attempt=posted.attempt))

    async def send_due(self) -> None:
        """Everything that is due, one after the other, longest overdue first."""
        while due := await self.outbox.due(self.clock(), AT_ONCE):
            last = max([await self._deliver(posted) for posted in due])
            await self.outbox.reached(last)
            if not last:
                await asyncio.sleep(PAUSE_S)
                return

    async def _deliver(self, posted: Posted) -> int:
        """The position of the last fact; 0 when the letter was not ours to send."""
        attempt = posted.attempt + 1
        if not await self._command(posted, StartDelivery(message=posted.message, attempt=attempt)):
            return 0
        return await ended(self._attempt(posted, attempt))

    async def _attempt(self, posted: Posted, attempt: int) -> int:
        with span("delivery.attempt", message=str(posted.message), attempt=attempt) as step:
            result = await self._put_on_the_wire(posted)
            step.note(result=type(result).__name__)
        return await self._settle(posted, attempt, result)

    async def _put_on_the_wire(self, posted: Posted) -> Delivery:
        sender, letter = self.senders.get(posted.account), await self._made_up(posted.message)
        if letter is None:
            return Refused(why="its words are gone")
        if not isinstance(letter, Outgoing):
            return letter
        if sender is None:
            return Refused(why="its inbox is no longer connected")
        try:
            return await sender.send(letter)
        except Exception as failure:
            log.exception("a sender failed", extra={"letter": str(posted.message)})
            return Uncertain(why=f"the hub failed while sending ({type(failure).__name__})")

    async def _made_up(self, message: MessageId) -> Outgoing | Refused | Deferred | None:
        """The letter, None when its words are gone, or why there is none; nothing has touched the wire yet."""
        try:
            return await self.outbox.letter(message)
        except LogPaused:
            raise
        except BlobMissing:
            return Refused(why="one of its files is missing or damaged; run amends doctor")
        except Exception as failure:
            log.exception("a letter could not be made up", extra={"letter": str(message)})
            return Deferred(why=f"the hub could not make up the letter ({type(failure).__name__})")

    async def _settle(self, posted: Posted, attempt: int, result: Delivery) -> int:
        wait = self.next_try(attempt, self.chance) if isinstance(result, Deferred) else None
        next_at = self.clock() + wait if wait is not None else None
        command = ConfirmDelivery(message=posted.message, attempt=attempt, result=result, next_at=next_at)
        return await self._command(posted, command)

    async def _command(self, posted: Posted, command: LetterCommand) -> int:
        """Its position; 0 when refused or already so."""
        names = (str(posted.message), type(command).__name__, str(getattr(command, "attempt", 0)))
        envelope = Envelope(actor=POSTMAN, command=CommandId(self.secrets.derived("delivery", *names)))
        with suppress(Refusal):
            done = await self.transactor.transact(
                CUSTOMER,
                StreamId(posted.customer),
                lambda state: self._plan(command, decide(command, state, self.clock())),
                envelope,
                items=await self._about(posted, command),
            )
            return done.position if isinstance(done.answer, Appended) else 0
        return 0

    async def _about(self, posted: Posted, command: LetterCommand) -> tuple[UUID, ...]:
        """A letter that was refused for good may have told of a complaint that is closed by now.

        What became of a letter is recorded even where the views can't be asked.
        """
        if not isinstance(command, ConfirmDelivery) or not is_final_no(command):
            return (posted.conversation,)
        with suppress(TablesAway):
            return (posted.conversation, *await self.complaints.raised_in(posted.conversation))
        return (posted.conversation,)

    def _plan(self, command: LetterCommand, events: Sequence[object]) -> Plan:
        """What became of a letter is told by whoever knows it, though its turn be over; all else is for this turn alone."""
        is_free = isinstance(command, ConfirmDelivery) or not events
        return Plan(events=tuple(events), marks=() if is_free else self.fence.marks)


def is_final_no(command: ConfirmDelivery) -> bool:
    """Whether the letter is given up with this."""
    given_up = isinstance(command.result, Deferred) and command.next_at is None
    return given_up or isinstance(command.result, Refused)
