"""An account: connected, failing, recovered; what came in is on record."""

from __future__ import annotations

from hub.domain.account.decisions import (
    Command,
    ConnectAccount,
    EchoLetter,
    FailMailbox,
    ParkLetter,
    ReadAgain,
    Rebind,
    RecoverMailbox,
    decide,
)
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
from hub.domain.account.state import fold
from hub.domain.ids import CustomerId
from tests.examples import M1, NOW, RAW, known_id

CONNECTED = AccountConnected(kind="email", name="support", address="support@house.example")
FAILED = MailboxFailed(why="the server refuses the password")


def decided(command: Command, *past: AccountEvent) -> list[AccountEvent]:
    return decide(command, fold(past), NOW)


def test_an_account_is_recorded_when_its_settings_say_something_else() -> None:
    connect = ConnectAccount(kind="email", name="support", address="support@house.example")
    assert decided(connect) == [CONNECTED]
    assert decided(connect, CONNECTED) == []


def test_a_failure_is_recorded_once_and_so_is_its_end() -> None:
    fail = FailMailbox(why="the server refuses the password")
    assert decided(fail) == [FAILED]
    assert decided(fail, FAILED) == []
    assert decided(RecoverMailbox(), FAILED) == [MailboxRecovered()]
    assert decided(RecoverMailbox()) == []
    assert decided(fail, FAILED, MailboxRecovered()) == [FAILED]


def test_a_folder_made_anew_is_recorded_once() -> None:
    rebind = Rebind(folder="INBOX", old_validity=1, new_validity=2)
    rebound = MailboxRebound(folder="INBOX", old_validity=1, new_validity=2)
    assert decided(rebind) == [rebound]
    assert decided(rebind, rebound) == []


def test_what_came_in_is_always_on_record() -> None:
    parked = LetterParked(raw=RAW, size=3, why="no header", folder="", validity=0, uid=0, excerpt="?")
    assert decided(ParkLetter(raw=RAW, size=3, why="no header", excerpt="?")) == [parked]
    echoed = LetterEchoed(raw=RAW, folder="", validity=0, uid=0, message_ref="m@house.example")
    assert decided(EchoLetter(raw=RAW, message_ref="m@house.example")) == [echoed]
    customer = CustomerId(known_id("Alice"))
    read = LetterReadAgain(raw=RAW, customer=customer, message=M1)
    assert decided(ReadAgain(raw=RAW, customer=customer, message=M1), parked) == [read]
