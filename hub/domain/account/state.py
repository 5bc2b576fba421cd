"""What is known of a connected account: how it is called and whether it fails just now. Parked letters are a view's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, assert_never

from hub.domain.account.events import (
    AccountConnected,
    AccountEvent,
    LetterEchoed,
    LetterParked,
    LetterReadAgain,
    MailboxFailed,
    MailboxRebound,
    MailboxRecovered,
)
from hub.domain.vocabulary import Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`failing`: why the mailbox can't be read just now, "" while it can. `rebound_to`: the UIDVALIDITY each folder was last made anew with."""

    version: int = 0
    kind: str = ""
    name: str = ""
    address: str = ""
    failing: str = ""
    rebound_to: tuple[tuple[str, int], ...] = ()


INITIAL: Final = Account()


def fold(events: Iterable[AccountEvent | Opaque], state: Account = INITIAL) -> Account:
    """The state after `events`."""
    return reduce(evolve, events, state)


def evolve(state: Account, event: AccountEvent | Opaque) -> Account:
    """The account after one more event."""
    later = replace(state, version=state.version + 1)
    match event:
        case AccountConnected(kind=kind, name=name, address=address):
            return replace(later, kind=kind, name=name, address=address)
        case MailboxFailed(why=why):
            return replace(later, failing=why or "unknown")
        case MailboxRecovered():
            return replace(later, failing="")
        case MailboxRebound(folder=folder, new_validity=validity):
            others = tuple(one for one in state.rebound_to if one[0] != folder)
            return replace(later, rebound_to=(*others, (folder, validity)))
        case LetterParked() | LetterReadAgain() | LetterEchoed() | Opaque():
            return later
        case _:
            assert_never(event)
