"""The outbox as delivery asks it: the view's questions off the event loop, and a bell when something may be due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine

from hub.app.ports import Clock
from hub.domain.ids import AccountId, MessageId
from hub.domain.letters import Outgoing
from projections import outbox
from projections.outbox import OutgoingLetter, Posted
from projections.telling import Ear, Herald
from projections.views import asked

T = TypeVar("T")

ABOUT_LETTERS: Final = ("reply.", "delivery.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxView:
    """The questions of the outbox, for the letters of `only` one account, or of all `but` some.

    `compose` fetches the files and names the sender; None: the words are gone.
    """

    runner: Herald
    readers: Engine
    clock: Clock
    compose: Callable[[OutgoingLetter], Awaitable[Outgoing | None]]
    only: AccountId | None = None
    but: frozenset[AccountId] = frozenset()
    ear: Ear = field(default_factory=Ear)

    def __post_init__(self) -> None:
        self.runner.add(self.ear)

    @property
    def _whose(self) -> ColumnElement[bool]:
        return outbox.of_accounts(self.only, self.but)

    async def due(self, now: datetime, limit: int) -> Sequence[Posted]:
        return await self._ask(lambda connection: outbox.due(connection, now, limit, self._whose))

    async def unfinished(self) -> Sequence[Posted]:
        return await self._ask(lambda connection: outbox.started_without_result(connection, self._whose))

    async def next_due(self) -> datetime | None:
        return await self._ask(lambda connection: outbox.next_due(connection, self._whose))

    async def changed(self, until: datetime | None) -> None:
        """Return when a letter was written or moved since the last call, or at `until`."""
        seconds = None if until is None else max(0.0, (until - self.clock()).total_seconds())
        try:
            async with asyncio.timeout(seconds):
                while not any(kind.startswith(ABOUT_LETTERS) for kind in (await self.ear.hear()).kinds):
                    pass
        except TimeoutError:
            return

    async def reached(self, position: int) -> None:
        await self.runner.reached(position)

    async def letter(self, message: MessageId) -> Outgoing | None:
        found = await self._ask(lambda connection: outbox.letter(connection, message))
        return None if found is None else await self.compose(found)

    async def _ask(self, question: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(asked, self.readers, question)
