"""Whose letter is it? Proof opens proven homes; a bare From address never does (record rule 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from hub.app.ports import EventLog, Secrets
from hub.domain.ids import CustomerId, StreamId
from hub.domain.letters import Incoming, normalised

Grade = Literal["proven", "claimed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The customer a letter belongs to. `claim` is the key a new customer takes; `suggested` may be the same person."""

    customer: CustomerId
    grade: Grade
    why: str
    is_new: bool = False
    claim: bytes = b""
    suggested: CustomerId | None = None


def claim_key(secrets: Secrets, grade: Grade, channel: str, address: str) -> bytes:
    """The key of the one proven or one claimed home of an address."""
    return secrets.keyed("claim", grade, channel, normalised(address))


async def find_home(incoming: Incoming, log: EventLog, secrets: Secrets) -> Home:
    """The home of the sender's address under what our own server says of it, or a new customer who will claim it."""
    grade: Grade = "proven" if incoming.authentication.proven else "claimed"
    why = incoming.authentication.why
    if "@" not in incoming.sender.address:
        return Home(customer=_new_customer(), grade="claimed", why="the letter names no sender", is_new=True)
    key = claim_key(secrets, grade, "email", incoming.sender.address)
    holder = await log.holder(key)
    if holder is not None:
        return Home(customer=CustomerId(holder), grade=grade, why=why)
    other = await _claimed_home(incoming, log, secrets) if grade == "proven" else None
    return Home(customer=_new_customer(), grade=grade, why=why, is_new=True, claim=key, suggested=other)


async def _claimed_home(incoming: Incoming, log: EventLog, secrets: Secrets) -> CustomerId | None:
    """Proof never adopts a claimed home by itself: it is only suggested."""
    holder: StreamId | None = await log.holder(
        claim_key(secrets, "claimed", "email", incoming.sender.address)
    )
    return None if holder is None else CustomerId(holder)


def _new_customer() -> CustomerId:
    return CustomerId(uuid4())
