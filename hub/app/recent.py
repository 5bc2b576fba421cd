"""One letter of a sender at a time, in the order of arrival, and where on record the sender's last letter stands."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

REMEMBERED: Final = 20_000


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Recent:
    """Only a queue and a hint: it keeps a quick second letter behind the first; the record stays right without it."""

    _turns: dict[str, _Turn] = field(default_factory=dict)
    _positions: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @asynccontextmanager
    async def turn(self, sender: str) -> AsyncIterator[None]:
        """Wait until every earlier letter of this sender has landed."""
        turn = self._turns.setdefault(sender, _Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(sender, None)

    def position(self, sender: str) -> int:
        """Where this sender's last letter stands; 0 when not remembered."""
        return self._positions.get(sender, 0)

    def landed(self, sender: str, position: int) -> None:
        self._positions[sender] = position
        self._positions.move_to_end(sender)
        if len(self._positions) > REMEMBERED:
            self._positions.popitem(last=False)
