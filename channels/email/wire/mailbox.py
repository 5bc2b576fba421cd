"""What following a mailbox needs to know, and what it tells: plain values, no sockets."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.domain.letters import Location

State = Literal["connecting", "receiving", "following", "rebound", "vanished", "retrying"]
"""`following`: everything there is has been taken in. `vanished`: a letter was deleted before it could be fetched."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """How to reach one folder. `tls` False means no encryption at all: for the loopback only (no STARTTLS for IMAP).

    `poll_seconds`: the longest time without looking, whatever IDLE says; `idle_minutes`: must stay under the 29 of
    RFC 2177; `timeout`: seconds without a byte before a command counts as lost; `window`: letters being recorded at
    once; `mark_seen`: set the Seen flag of what is on record, as a courtesy to people who look into the mailbox.
    """

    account: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True
    context: ssl.SSLContext | None = None
    poll_seconds: float = 60.0
    idle_minutes: float = 9.0
    timeout: float = 60.0
    window: int = 16
    mark_seen: bool = False

    def __post_init__(self) -> None:
        if not self.tls and self.host not in LOOPBACK:
            raise ValueError(f"mailbox {self.account}: without TLS only a server on this machine may be used")
        if not 0 < self.idle_minutes < 29:
            raise ValueError(f"mailbox {self.account}: idle_minutes must be between 0 and 29")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One letter as the server gave it. `received_at`: the server's INTERNALDATE, aware, None if unreadable."""

    location: Location
    raw: bytes
    received_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxNote:
    """A heartbeat: what the follower of a mailbox is doing. `behind`: letters known and not yet on record.

    `last_contact`: when the server last answered; `last_letter`: when the last letter was on record; `failures`: in
    a row; `old_validity` only with `rebound`, `uid` only with `vanished`. `why` holds no secret and no letter.
    """

    account: str
    folder: str
    state: State
    at: datetime
    why: str = ""
    behind: int = 0
    failures: int = 0
    last_contact: datetime | None = None
    last_letter: datetime | None = None
    validity: int = 0
    old_validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The hub's side. `take` returns once the letter is on record; only then may the cursor pass it.

    `load`: the cursor as last settled, None at first. `settle`: keep this cursor; everything at or below it is on
    record. `note`: heartbeats, must not block. An exception from `load`, `take` or `settle` makes the follower start
    again from the last settled cursor.
    """

    load: Callable[[], Awaitable[Location | None]]
    take: Callable[[Arrival], Awaitable[None]]
    settle: Callable[[Location], Awaitable[None]]
    note: Callable[[MailboxNote], None]
