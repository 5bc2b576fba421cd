"""What may happen in an account's stream. What came in can't be refused; once-keys keep each letter single."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

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
from hub.domain.account.state import Account
from hub.domain.ids import BlobId, CustomerId, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccount:
    kind: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkLetter:
    """`excerpt` is sealed under the raw letter's own key (record rule 22)."""

    raw: BlobId
    size: int
    why: str
    folder: str = ""
    validity: int = 0
    uid: int = 0
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoLetter:
    raw: BlobId
    message_ref: str
    folder: str = ""
    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAgain:
    """A parked letter was read after all; its message is recorded in the same append (record rule 14)."""

    raw: BlobId
    customer: CustomerId
    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebind:
    folder: str
    old_validity: int
    new_validity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailMailbox:
    """`why` holds no secret."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverMailbox:
    pass


Command = ConnectAccount | ParkLetter | EchoLetter | ReadAgain | Rebind | FailMailbox | RecoverMailbox


def decide(command: Command, state: Account, now: datetime) -> list[AccountEvent]:
    """The events that `command` leads to; [] means already so."""
    match command:
        case ConnectAccount():
            return connect(command, state)
        case ParkLetter():
            return park(command)
        case EchoLetter():
            return echo(command)
        case ReadAgain(raw=raw, customer=customer, message=message):
            return [LetterReadAgain(raw=raw, customer=customer, message=message)]
        case Rebind():
            return rebind(command, state)
        case FailMailbox(why=why):
            return [] if state.failing == why else [MailboxFailed(why=why)]
        case RecoverMailbox():
            return [MailboxRecovered()] if state.failing else []
        case _:
            assert_never(command)


def connect(command: ConnectAccount, state: Account) -> list[AccountEvent]:
    """Recorded again only when the settings say something else."""
    if (state.kind, state.name, state.address) == (command.kind, command.name, command.address):
        return []
    return [AccountConnected(kind=command.kind, name=command.name, address=command.address)]


def park(command: ParkLetter) -> list[AccountEvent]:
    return [
        LetterParked(
            raw=command.raw,
            size=command.size,
            why=command.why,
            folder=command.folder,
            validity=command.validity,
            uid=command.uid,
            excerpt=command.excerpt,
        )
    ]


def echo(command: EchoLetter) -> list[AccountEvent]:
    return [
        LetterEchoed(
            raw=command.raw,
            folder=command.folder,
            validity=command.validity,
            uid=command.uid,
            message_ref=command.message_ref,
        )
    ]


def rebind(command: Rebind, state: Account) -> list[AccountEvent]:
    if (command.folder, command.new_validity) in state.rebound_to:
        return []
    return [
        MailboxRebound(
            folder=command.folder, old_validity=command.old_validity, new_validity=command.new_validity
        )
    ]
