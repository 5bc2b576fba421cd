"""Who looks at a conversation just now, and who writes in it: in memory only, gone 30 s after the last sign of life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

LASTS: Final = timedelta(seconds=30)
Doing = Literal["viewing", "writing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One browser tab of one colleague in one conversation."""

    agent: str
    name: str
    conversation: str
    doing: Doing
    until: datetime


@dataclass(slots=True)
class Presence:
    """The seats of all open sockets. `listeners` are told which conversation has changed."""

    seats: dict[str, Seat] = field(default_factory=dict)
    listeners: dict[str, Callable[[str], None]] = field(default_factory=dict)

    def take(self, socket: str, seat: Seat) -> None:
        """This socket sits there now, and nowhere else."""
        before = self.seats.get(socket)
        self.seats[socket] = seat
        if before is None or (before.conversation, before.doing) != (seat.conversation, seat.doing):
            self._tell({seat.conversation} | ({before.conversation} if before else set()))

    def leave(self, socket: str) -> None:
        """This socket looks at nothing any more."""
        if before := self.seats.pop(socket, None):
            self._tell({before.conversation})

    def stay(self, socket: str, now: datetime) -> None:
        """A sign of life: the seat is kept for another while."""
        if before := self.seats.get(socket):
            self.seats[socket] = Seat(
                agent=before.agent,
                name=before.name,
                conversation=before.conversation,
                doing=before.doing,
                until=now + LASTS,
            )

    def sweep(self, now: datetime) -> None:
        """Seats without a sign of life are free again."""
        for socket in [socket for socket, seat in self.seats.items() if seat.until <= now]:
            self.leave(socket)

    def people(self, conversation: str) -> list[dict[str, str]]:
        """Everybody there, each once; writing outweighs viewing."""
        seats = sorted(
            (seat for seat in self.seats.values() if seat.conversation == conversation),
            key=lambda seat: seat.doing == "writing",
        )
        each = {seat.agent: {"id": seat.agent, "name": seat.name, "doing": seat.doing} for seat in seats}
        return sorted(each.values(), key=lambda person: (person["name"], person["id"]))

    def _tell(self, conversations: set[str]) -> None:
        for conversation in sorted(conversations):
            for listener in list(self.listeners.values()):
                listener(conversation)
