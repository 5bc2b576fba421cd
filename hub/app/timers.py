"""Clocks: what was put off until a moment comes back when the moment has come, once, whatever the wall clock does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from hub.app.kinds import CUSTOMER
from hub.app.ports import Clock, Envelope, Secrets
from hub.app.transact import Transactor
from hub.domain.conversation.commands import Wake
from hub.domain.customer.decisions import decide
from hub.domain.errors import Refusal
from hub.domain.ids import CommandId, ConversationId, CustomerId, StreamId
from hub.domain.vocabulary import Actor

TIMER: Final = Actor(kind="system", id="timers")


class Put(Protocol):
    """A conversation that was put off."""

    @property
    def customer(self) -> CustomerId: ...
    @property
    def conversation(self) -> ConversationId: ...
    @property
    def until(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """`due`: what the inbox view holds that should be back by now. `rest`: until something may be due."""

    due: Callable[[datetime], Awaitable[Sequence[Put]]]
    rest: Callable[[], Awaitable[None]]
    transactor: Transactor
    secrets: Secrets
    clock: Clock

    async def run(self) -> None:
        while True:
            for put in await self.due(self.clock()):
                await self.wake(put)
            await self.rest()

    async def wake(self, put: Put) -> None:
        """The decision looks at what is on record: put off anew meanwhile, it stays."""
        name = self.secrets.derived("wake", put.conversation.bytes, put.until.isoformat())
        command = Wake(conversation=put.conversation, by="timer")
        with suppress(Refusal):
            await self.transactor.transact(
                CUSTOMER,
                StreamId(put.customer),
                lambda state: decide(command, state, self.clock()),
                Envelope(actor=TIMER, command=CommandId(name)),
                items=(put.conversation,),
            )
