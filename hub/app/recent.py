"""Order among letters that arrive together: one of a sender at a time, and an answer after every letter that came before it.

Only a queue and a hint: it keeps a quick second letter behind the first; the record stays right without it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

REMEMBERED: Final = 20_000


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in the line of a source. `earlier`: those that came before and had not found their sender's turn yet."""

    earlier: tuple[asyncio.Event, ...]
    found: asyncio.Event = field(default_factory=asyncio.Event)

    async def after_earlier(self) -> None:
        """Wait until every letter that came before this one has its place in its sender's turn."""
        for event in self.earlier:
            await event.wait()


@dataclass(frozen=True, slots=True)
class Recent:
    """The lines of the sources, the turns of the senders, and where each sender's last letter stands."""

    _lines: dict[Hashable, list[asyncio.Event]] = field(default_factory=dict)
    _turns: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _positions: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @contextmanager
    def line(self, source: Hashable) -> Iterator[Ticket]:
        """Stand in line when the letter arrives, before anything is awaited."""
        line = self._lines.setdefault(source, [])
        ticket = Ticket(earlier=tuple(event for event in line if not event.is_set()))
        line.append(ticket.found)
        try:
            yield ticket
        finally:
            ticket.found.set()
            line.remove(ticket.found)
            if not line:
                self._lines.pop(source, None)

    @asynccontextmanager
    async def turn(self, sender: str, ticket: Ticket) -> AsyncIterator[None]:
        """Wait until every letter of this sender that found its place earlier has landed."""
        before, mine = self._turns.get(sender), asyncio.get_running_loop().create_future()
        self._turns[sender] = mine
        ticket.found.set()
        try:
            if before is not None:
                await asyncio.wait([before])
            yield
        finally:
            mine.set_result(None)
            if self._turns.get(sender) is mine:
                del self._turns[sender]

    def position(self, sender: str) -> int:
        """Where this sender's last letter stands; 0 when not remembered."""
        return self._positions.get(sender, 0)

    def landed(self, sender: str, position: int) -> None:
        self._positions[sender] = position
        self._positions.move_to_end(sender)
        if len(self._positions) > REMEMBERED:
            self._positions.popitem(last=False)
