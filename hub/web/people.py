"""Who works here, as the record says it right now: a role that was taken away is gone with the next request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce

from hub.app.ports import EventLog
from hub.domain.ids import AgentId, StreamId
from hub.domain.staff.events import AgentJoined, AgentLeft, AgentRoleChanged, Role
from hub.domain.vocabulary import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A colleague. `active` is False once they left."""

    id: AgentId
    name: str
    email: str
    role: Role
    active: bool = True


@dataclass(slots=True)
class Colleagues:
    """Folds of the agents' own streams, each brought up to date with the few facts since."""

    known: dict[AgentId, tuple[int, Person | None]] = field(default_factory=dict)

    async def find(self, log: EventLog, agent: AgentId) -> Person | None:
        """The colleague as of the last committed fact; None when there never was one."""
        version, person = self.known.get(agent, (0, None))
        facts = await log.read_stream(StreamId(agent), after=version)
        if facts:
            person = reduce(folded, (fact.event for fact in facts), person)
            self.known[agent] = facts[-1].version, person
        return person


def folded(person: Person | None, event: object) -> Person | None:
    """One fact more about a colleague."""
    match event:
        case AgentJoined():
            return Person(
                id=event.agent, name=opened(event.name, ""), email=opened(event.email, ""), role=event.role
            )
        case AgentRoleChanged() if person:
            return replace(person, role=event.role)
        case AgentLeft() if person:
            return replace(person, active=False)
        case _:
            return person
