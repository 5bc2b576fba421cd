"""What a socket has yet to say. A slow one says less and later, never more: changes melt together, and too many become a reload."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from hub.web.desk_ports import Announced
from hub.web.presence import Presence

ERASED: Final = "customer.erased.v1"
MOST: Final = 500
"""Changed conversations and customers that are still told one by one."""


@dataclass(slots=True, kw_only=True)
class Said:
    """What is said in one go."""

    changed: dict[str, object] | None = None
    reload: int = 0
    presence: list[str] = field(default_factory=list)
    bye: str = ""


@dataclass(slots=True)
class News:
    position: int = 0
    conversations: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    parked: bool = False
    erased: bool = False
    changed: bool = False
    too_much: bool = False
    presence: set[str] = field(default_factory=set)
    bye: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, announced: Announced) -> None:
        """More has changed; what was noted before and not yet said is said with it."""
        self.position = max(self.position, announced.position)
        self.conversations |= set(map(str, announced.conversations))
        self.customers |= set(map(str, announced.customers))
        self.parked |= any(kind.startswith("letter.") for kind in announced.kinds)
        self.erased |= ERASED in announced.kinds
        self.changed = True
        if len(self.conversations) + len(self.customers) > MOST:
            self.conversations, self.customers, self.too_much = set(), set(), True
        self.ready.set()

    def note_presence(self, conversation: str) -> None:
        self.presence.add(conversation)
        self.ready.set()

    def say_bye(self, why: str) -> None:
        self.bye = why
        self.ready.set()

    async def next(self) -> Said:
        """Everything noted since the last call, as soon as there is anything."""
        await self.ready.wait()
        self.ready.clear()
        said = Said(presence=sorted(self.presence), bye=self.bye)
        if self.too_much:
            said.reload = self.position
        elif self.changed:
            said.changed = {
                "position": self.position,
                "conversations": sorted(self.conversations),
                "customers": sorted(self.customers),
                "parked": self.parked,
                "erased": self.erased,
            }
        self.conversations, self.customers, self.presence = set(), set(), set()
        self.parked = self.erased = self.changed = self.too_much = False
        return said


def said_presence(presence: Presence, conversation: str) -> dict[str, object]:
    return {"type": "presence", "conversation": conversation, "people": presence.people(conversation)}
