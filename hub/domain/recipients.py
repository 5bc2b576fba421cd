"""Whom an answer goes to: never guessed, never widened by itself, and every difference said before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hub.domain.letters import Address, normalised


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """`diverted`: Reply-To leads to another domain than From; show it before sending."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    diverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Who is added to the last list of recipients and who is dropped from it; `strangers` are new to the conversation."""

    adds: tuple[Address, ...] = ()
    drops: tuple[Address, ...] = ()
    strangers: tuple[Address, ...] = ()


def reply(sender: Address, reply_to: Address | None) -> Recipients:
    """The answer to one letter: to its Reply-To where it has one, else to its sender. Nobody in Cc."""
    target = reply_to if reply_to is not None and reply_to.address else sender
    return Recipients(to=(target,) if target.address else (), diverted=_domain(target) != _domain(sender))


def reply_all(
    sender: Address,
    reply_to: Address | None,
    to: Sequence[Address],
    cc: Sequence[Address],
    ours: Collection[str],
) -> Recipients:
    """The answer to everybody who had the letter, without ourselves. `ours`: normalised addresses of our inboxes."""
    answer = reply(sender, reply_to)
    others = distinct(one for one in (*to, *cc) if not is_ours(one, ours))
    taken = {normalised(one.address) for one in answer.to}
    return Recipients(
        to=answer.to,
        cc=tuple(one for one in others if normalised(one.address) not in taken),
        diverted=answer.diverted,
    )


def difference(
    before: Iterable[Address], after: Iterable[Address], known: Iterable[Address] = ()
) -> Difference:
    """What changes from one list of recipients to the next. `known`: who took part in the conversation so far."""
    old, new = distinct(before), distinct(after)
    was, will = _keys(old), _keys(new)
    met = was | _keys(known)
    return Difference(
        adds=tuple(one for one in new if normalised(one.address) not in was),
        drops=tuple(one for one in old if normalised(one.address) not in will),
        strangers=tuple(one for one in new if normalised(one.address) not in met),
    )


def distinct(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Each mailbox once, as first written, in order; empty ones go."""
    first: dict[str, Address] = {}
    for one in addresses:
        if one.address.strip():
            first.setdefault(normalised(one.address), one)
    return tuple(first.values())


def is_ours(address: Address, ours: Collection[str]) -> bool:
    """Whether mail to it comes back to us, with or without a +detail."""
    full = normalised(address.address)
    local, _, domain = full.rpartition("@")
    return full in ours or f"{local.partition('+')[0]}@{domain}" in ours


def _keys(addresses: Iterable[Address]) -> set[str]:
    return {normalised(one.address) for one in addresses}


def _domain(address: Address) -> str:
    return normalised(address.address).rpartition("@")[2]
