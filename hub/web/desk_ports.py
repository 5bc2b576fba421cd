"""Everything the web needs of the house, filled once by the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from hub.app.addressing import Addressing
from hub.app.arrivals import Landed
from hub.app.ports import (
    Answers,
    Clock,
    Counters,
    Credentials,
    Drafts,
    EventLog,
    Inbox,
    Keys,
    Limits,
    Readers,
    Recorded,
    Secrets,
    Sessions,
    Threads,
    Vault,
    Views,
)
from hub.app.transact import Transactor
from hub.domain.ids import BlobId, StreamId
from hub.web.people import Colleagues
from hub.web.presence import Presence
from hub.web.sockets import Sockets

T = TypeVar("T")


class Ask(Protocol):
    """Run one question of a projection on a read-only connection, away from the event loop."""

    async def __call__(self, question: Callable[..., T]) -> T: ...


class Announced(Protocol):
    """What the runner says after a page of facts was committed to the views. `kinds` are names of events."""

    @property
    def position(self) -> int: ...

    @property
    def conversations(self) -> Iterable[UUID]: ...

    @property
    def customers(self) -> Iterable[UUID]: ...

    @property
    def kinds(self) -> Iterable[str]: ...


class Announcements(Protocol):
    def listening(self) -> AbstractContextManager[AsyncIterable[Announced]]:
        """Every announcement from now on; what a slow listener did not take yet is melted together."""
        ...


ReadAgain = Callable[[BlobId], Awaitable[Landed]]
"""Try a parked letter once more. Raises `Unreadable` when it still can't be read."""

Describe = Callable[[Recorded], Mapping[str, object]]
"""A fact in the shape `Fact` of the API, both parts readable."""


class Heartbeat(Protocol):
    """What the follower of a mailbox does just now. `failures` in a row; `why` holds no secret."""

    @property
    def state(self) -> str: ...

    @property
    def why(self) -> str: ...

    @property
    def failures(self) -> int: ...

    @property
    def last_contact(self) -> datetime | None: ...


class MailboxHealth(Protocol):
    """Heartbeats by inbox name, and after how many quiet hours each should be looked at (0: never)."""

    @property
    def notes(self) -> Mapping[str, Heartbeat]: ...

    @property
    def quiet_hours(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class NoHealth:
    """Nothing is followed here."""

    notes: Mapping[str, Heartbeat] = field(default_factory=dict)
    quiet_hours: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The ports behind the API. `static` is the folder of the built desk, None when it is not built.

    `workspace`: the stream of the shared settings. `inboxes`: those of the moment; one may begin while the hub runs. `public_url` is how people reach this hub, for instance "https://desk.example.com".
    """

    log: EventLog
    transactor: Transactor
    ask: Ask
    views: Views
    threads: Threads
    announcements: Announcements
    sessions: Sessions
    credentials: Credentials
    drafts: Drafts
    answers: Answers
    limits: Limits
    vault: Vault
    keys: Keys
    readers: Readers
    counters: Counters
    secrets: Secrets
    clock: Clock
    addressing: Addressing
    read_again: ReadAgain
    describe: Describe
    workspace: StreamId
    public_url: str
    inboxes: Iterable[Inbox] = ()
    health: MailboxHealth = field(default_factory=NoHealth)
    static: Path | None = None
    colleagues: Colleagues = field(default_factory=Colleagues)
    presence: Presence = field(default_factory=Presence)
    sockets: Sockets = field(default_factory=Sockets)
