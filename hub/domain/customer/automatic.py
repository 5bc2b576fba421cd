"""How many letters we wrote by ourselves of late: a bounded count per address, so that no two machines talk for ever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.domain.conversation.deliveries import DeliveryEvent
from hub.domain.conversation.events import ReplyWritten
from hub.domain.letters import Address, normalised
from hub.domain.vocabulary import opened

DAY: Final = timedelta(hours=24)
KEPT: Final = 10
"""The newest automatic letters of a day that are remembered; with so many in a day no further one leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticLetter:
    """One letter that we sent by ourselves, to the normalised `address`."""

    address: str
    at: datetime


def counted(known: tuple[AutomaticLetter, ...], event: DeliveryEvent) -> tuple[AutomaticLetter, ...]:
    """The count after `event`: newest last, within one day of the newest."""
    if not isinstance(event, ReplyWritten) or not event.automatic:
        return known
    at = event.send_after
    addresses = (normalised(one.address) for one in (*opened(event.to, ()), *opened(event.cc, ())))
    letters = (*known, *(AutomaticLetter(address=address, at=at) for address in addresses))
    return tuple(letter for letter in letters if letter.at > at - DAY)[-KEPT:]


def may_write_by_itself(
    known: tuple[AutomaticLetter, ...], to: Iterable[Address], limit: int, now: datetime
) -> bool:
    """Whether one more automatic letter may go to each of `to`: fewer than `limit` to that address within 24 h.

    A customer as a whole gets fewer than `KEPT` a day, whatever the addresses.
    """
    recent = [letter.address for letter in known if letter.at > now - DAY]
    below = all(recent.count(normalised(address.address)) < limit for address in to)
    return below and len(recent) < KEPT
