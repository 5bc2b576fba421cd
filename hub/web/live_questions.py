"""What a socket asks of the views: what it missed, and the counters of its person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hub.web.desk_ports import Announced, Desk
from hub.web.people import Person
from hub.web.shaping import only
from hub.web.told import Counters
from projections import inbox
from projections.views import changes_after, position


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What changed between two positions, in the shape of an announcement."""

    position: int
    conversations: frozenset[UUID] = frozenset()
    customers: frozenset[UUID] = frozenset()
    kinds: frozenset[str] = frozenset()


async def catch_up(desk: Desk, after: int | None) -> tuple[int, Announced | None]:
    """Where the views stand, and what changed after `after`; None when that is too long ago to tell."""
    reached = await desk.ask(position)
    if after is None:
        return reached, Missed(position=reached)
    rows = await desk.ask(lambda db: changes_after(db, after))
    if rows is None:
        return reached, None
    return reached, Missed(
        position=max([reached, *(row["position"] for row in rows)]),
        conversations=frozenset(UUID(row["conversation"]) for row in rows if row["conversation"]),
        customers=frozenset(UUID(row["stream"]) for row in rows),
        kinds=frozenset(row["kind"] for row in rows),
    )


async def counted(desk: Desk, person: Person) -> dict[str, int]:
    """How many conversations stand in each view of this person."""
    return only(Counters, await desk.ask(lambda db: inbox.counters(db, str(person.id))))
