"""Letters in: each mailbox's follower put to the record, its cursor a mark in the log, its health for the desk."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.email.wire import Arrival as Fetched
from channels.email.wire import Ledger, MailboxNote, MailboxSettings, SmtpSettings
from hub.app.arrivals import Arrival
from hub.app.intake import take_in
from hub.app.kinds import ACCOUNT
from hub.app.ports import Envelope, Inbox, Mark
from hub.app.transact import Plan
from hub.assembly.house import ASSEMBLY, House, now
from hub.domain.account.decisions import FailMailbox, Rebind, RecoverMailbox, decide
from hub.domain.ids import CommandId, StreamId
from hub.domain.letters import Location
from infra.settings import Mailbox
from infra.settings.passwords import password_of

log = logging.getLogger("amends.mailboxes")
FAILURES_TOLD = 3
"""Failures in a row before the account's stream says that it fails."""


@dataclass(slots=True)
class MailboxLedger:
    """The hub's side of one mailbox."""

    house: House
    inbox: Inbox
    folder: str
    settled: Location | None = None
    telling: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def ports(self) -> Ledger:
        return Ledger(load=self.load, take=self.take, settle=self.settle, note=self.note)

    @property
    def mark(self) -> str:
        return f"imap:{self.inbox.name}:{self.folder}"

    async def load(self) -> Location | None:
        """The cursor as last settled: `validity:uid`."""
        value = await self.house.log.mark(self.mark)
        self.settled = None if value is None else self._location(value)
        return self.settled

    async def take(self, fetched: Fetched) -> None:
        arrival = Arrival(
            inbox=self.inbox,
            raw=fetched.raw,
            received_at=fetched.received_at or now(),
            location=fetched.location,
        )
        await take_in(self.house.walk, arrival)

    async def settle(self, cursor: Location) -> None:
        """Everything at or below the cursor is on record (record rule 13)."""
        before = None if self.settled is None else _value(self.settled)
        mark = Mark(name=self.mark, expected=before, new=_value(cursor))
        plan = Plan(marks=(mark,))
        await self.house.transactor.transact(
            ACCOUNT, StreamId(self.inbox.account), lambda _: plan, self._envelope("settle", _value(cursor))
        )
        self.settled = cursor

    def note(self, note: MailboxNote) -> None:
        """Keep the heartbeat; put on record what changes the account's story."""
        self.house.health.notes[self.inbox.name] = note
        for command in _story(note):
            task = asyncio.create_task(self._tell(command))
            self.telling.add(task)
            task.add_done_callback(self.telling.discard)

    async def _tell(self, command: FailMailbox | RecoverMailbox | Rebind) -> None:
        try:
            await self.house.transactor.transact(
                ACCOUNT,
                StreamId(self.inbox.account),
                lambda state: decide(command, state, now()),
                self._envelope("health", repr(command), now().isoformat()),
            )
        except Exception:
            log.exception("the state of a mailbox could not be recorded", extra={"account": self.inbox.name})

    def _envelope(self, *what: str) -> Envelope:
        command = CommandId(self.house.walk.secrets.derived(self.mark, *what))
        return Envelope(actor=ASSEMBLY, command=command)

    def _location(self, value: str) -> Location:
        validity, _, uid = value.partition(":")
        return Location(account=self.inbox.name, folder=self.folder, validity=int(validity), uid=int(uid))


def imap_settings(mailbox: Mailbox) -> MailboxSettings | None:
    """How to follow this mailbox; None when the settings name no IMAP server."""
    wire = mailbox.imap
    if wire is None:
        return None
    return MailboxSettings(
        account=mailbox.name,
        host=wire.host,
        port=wire.port,
        user=wire.user,
        password=password_of(mailbox),
        folder=wire.folder,
        tls=wire.tls,
        context=_context(mailbox) if wire.tls else None,
        poll_seconds=mailbox.poll_seconds,
    )


def smtp_settings(mailbox: Mailbox) -> SmtpSettings | None:
    """How to hand letters over for this mailbox; None when the settings name no SMTP server."""
    wire = mailbox.smtp
    if wire is None:
        return None
    return SmtpSettings(
        host=wire.host,
        port=wire.port,
        security="plain" if wire.security == "none" else wire.security,
        user=wire.user,
        password=password_of(mailbox) if wire.user else "",
        context=_context(mailbox),
        our_name=mailbox.address.rpartition("@")[2],
    )


def _context(mailbox: Mailbox) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(mailbox.ca_file)) if mailbox.ca_file else None


def _story(note: MailboxNote) -> Iterator[FailMailbox | RecoverMailbox | Rebind]:
    if note.state == "rebound":
        yield Rebind(folder=note.folder, old_validity=note.old_validity, new_validity=note.validity)
    if note.state == "retrying" and note.failures >= FAILURES_TOLD:
        yield FailMailbox(why=note.why)
    if note.state == "following":
        yield RecoverMailbox()


def _value(cursor: Location) -> str:
    return f"{cursor.validity}:{cursor.uid}"
