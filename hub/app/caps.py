"""How many letters we write by ourselves to one address: places in the log, so that it holds across customers, accounts and restarts.

An address has `limit` places, each a mark that holds when it was last taken. A letter takes the place that was taken longest
ago, if that is a day or more, in the same append that records the letter: so within any 24 hours there are never more letters
than places, whoever writes at the same time. A mark's name is a keyed hash: it says nothing of the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.app.ports import EventLog, Limits, Mark, Secrets
from hub.domain.complaint.commands import Acknowledge, WithholdAcknowledgement
from hub.domain.conversation.commands import WriteReply
from hub.domain.customer.decisions import Command
from hub.domain.letters import Address, normalised

DAY: Final = timedelta(hours=24)


TOO_MANY_A_DAY: Final = "the daily limit of automatic letters is reached"
TOO_MANY_AT_ALL: Final = "the hub wrote as many letters by itself within an hour as it may"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capped:
    """What is left of an order: the letter with the `places` it takes, or that there will be none."""

    command: Command
    places: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The places of every address; and of the whole house, `an_hour` letters, counted in memory as the last backstop."""

    log: EventLog
    secrets: Secrets
    limits: Limits
    an_hour: int = 1000

    async def capped(self, command: Command, now: datetime) -> Capped | None:
        """None: an order for a letter that may not leave, and whose absence nobody need be told."""
        if not (isinstance(command, Acknowledge | WriteReply) and command.letter.automatic):
            return Capped(command=command)
        places = await self.places((*command.letter.to, *command.letter.cc), command.limit, now)
        if places is None:
            return _none_leaves(command, TOO_MANY_A_DAY)
        if not await self.limits.allow("automatic letters", self.an_hour, 3600):
            return _none_leaves(command, TOO_MANY_AT_ALL)
        return Capped(command=command, places=tuple(places))

    async def places(self, to: Iterable[Address], limit: int, now: datetime) -> Sequence[Mark] | None:
        """The marks to move with one more letter to each of `to`; None when one of them had `limit` within 24 hours."""
        found = [
            await self._free(mailbox, limit, now)
            for mailbox in sorted({mailbox_of(address.address) for address in to})
        ]
        free = [mark for mark in found if mark is not None]
        return free if len(free) == len(found) else None

    async def _free(self, mailbox: str, limit: int, now: datetime) -> Mark | None:
        """The place taken longest ago. One taken in the future (the clock went back) counts as taken."""
        names = [self._name(mailbox, place) for place in range(limit)]
        taken = [(await self.log.mark(name), name) for name in names]
        stands, name = min(taken, key=lambda place: place[0] or "", default=("", ""))
        if not name or (stands and datetime.fromisoformat(stands) > now - DAY):
            return None
        return Mark(name=name, expected=stands, new=now.astimezone(UTC).isoformat(timespec="microseconds"))

    def _name(self, mailbox: str, place: int) -> str:
        return f"automatic:{self.secrets.keyed('automatic letters', mailbox).hex()}:{place}"


def mailbox_of(address: str) -> str:
    """The mailbox that mail to `address` most likely ends in: what follows a + before the @ only sorts it."""
    local, at, domain = normalised(address).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def _none_leaves(command: Acknowledge | WriteReply, why: str) -> Capped | None:
    """A complaint's record says why nobody was written to."""
    if isinstance(command, WriteReply):
        return None
    return Capped(command=WithholdAcknowledgement(complaint=command.complaint, why=why))
