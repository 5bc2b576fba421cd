"""Whether positions and versions are as they have to be: gapless, from 1 to the head (record rules 4 and 6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.app.ports import Recorded

STEP: Final = 20_000

Stretch = Callable[[int, int], Awaitable[Sequence[Recorded]]]
"""(after, up to) → some facts between these positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A stream whose versions are not 1, 2, 3, …"""

    stream: str
    events: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How many events there are, between which positions, what the head says, and which streams are broken."""

    events: int
    first: int
    last: int
    head: int
    broken: tuple[Broken, ...]

    @property
    def is_gapless(self) -> bool:
        return (self.first, self.last) == (1, self.events) and self.head == self.last


def order_of(counted: tuple[int, int, int], head: int, broken: Sequence[tuple[str, int, int, int]]) -> Order:
    """From the rows that a store answered: (events, first, last), its head, (stream, events, low, high) each."""
    events, first, last = counted
    streams = (Broken(stream=str(name), events=n, low=low, high=high) for name, n, low, high in broken)
    return Order(events=events, first=first, last=last, head=head, broken=tuple(streams))


async def by_stretches(read: Stretch, head: int) -> list[Recorded]:
    """What `read` finds in the whole log, in short steps so that no read transaction grows old (record rule 1)."""
    return [fact for after in range(0, head, STEP) for fact in await read(after, after + STEP)]
