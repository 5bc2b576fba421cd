"""The house opened: every file, key and pool of one data folder, wired to the use cases. Whoever opens it holds its lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import SystemRandom
from typing import TypeVar

from channels.email.fingerprint import letter_bytes
from channels.email.workers import LetterReaders
from hub.app.addressing import SignedAddressing
from hub.app.kinds import ACCOUNT
from hub.app.leasing import Turns
from hub.app.ports import Envelope, Inbox
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.app.walk import Walk
from hub.assembly.clock import now
from hub.assembly.files import Files
from hub.assembly.health import Health, health_of
from hub.assembly.inboxes import Inboxes, inboxes_of, named, remembered, without_wires
from hub.assembly.reading import CLEANER, ChannelReaders, channel_readers
from hub.assembly.stores import keys_of, tables_of
from hub.assembly.turns import turns_of
from hub.assembly.viewing import AnyViews, Shown, following, open_views
from hub.domain.account.decisions import ConnectAccount, decide
from hub.domain.ids import AccountId, CommandId, MessageId, StreamId
from hub.domain.vocabulary import Actor
from hub.web.sockets import Sockets
from infra.desktables.file import Desk as DeskTables
from infra.eventlog.opening import HubLog, open_record
from infra.keys.boxes import Boxes
from infra.keys.keyfile import KeyTable
from infra.lock import one_hub
from infra.restore import PAUSED, WAITING
from infra.settings import Settings
from infra.vault import FolderVault
from projections import outbox, parked
from projections.complaints import ComplaintsView
from projections.dialect import Lookup
from projections.states import StatesView
from projections.threads import ThreadsView
from projections.views import Readers, asked

__all__ = [
    "ASSEMBLY",
    "Files",
    "House",
    "connect",
    "connect_accounts",
    "following",
    "now",
    "open_house",
]

T = TypeVar("T")
ASSEMBLY = Actor(kind="system", id="assembly")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that is open while a hub, or a command that writes, works on a data folder."""

    settings: Settings
    files: Files
    log: HubLog
    keys: KeyTable
    vault: FolderVault
    tables: DeskTables
    runner: AnyViews
    views: Readers
    lookup: Lookup
    readers: ChannelReaders
    states: StateCache
    transactor: Transactor
    addressing: SignedAddressing
    walk: Walk
    inboxes: Inboxes
    health: Health
    turns: Turns
    sockets: Sockets = field(default_factory=Sockets)

    async def ask(self, question: Callable[..., T]) -> T:
        """One question of a projection, on a read-only connection beside the event loop."""
        return await asyncio.to_thread(asked, self.views, question)

    def inbox(self, name: str) -> Inbox | None:
        """The inbox of that name."""
        return named(self.inboxes, name)

    async def inbox_for(self, name: str) -> Inbox:
        """The inbox of that name; one without wires begins when there is none."""
        inbox = self.inbox(name) or without_wires(name, self.walk.secrets)
        if AccountId(inbox.account) not in self.inboxes:
            self.inboxes[AccountId(inbox.account)] = inbox
            await connect(self, inbox)
        return inbox

    @property
    def workspace(self) -> StreamId:
        """The stream of the shared settings."""
        return StreamId(self.walk.secrets.derived("workspace settings"))

    def sending_inbox(self, account: AccountId) -> Inbox | None:
        """The inbox that letters of this account leave from; None when nothing can be sent from it."""
        inbox = self.inboxes.get(account)
        mailbox = self.settings.mailbox(inbox.name) if inbox else None
        return inbox if mailbox else None

    async def paused(self) -> bool:
        """Whether sending waits for a word (record rule 25)."""
        if await asyncio.to_thread(self.files.paused.exists):
            return True
        return bool(self.settings.database_url) and await self.log.mark(PAUSED) == WAITING


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    tell: Callable[[str], object] = print,
    extra: tuple[str, ...] = (),
    reading: int = 2,
    warm: bool = True,
    writes: bool = True,
) -> AsyncIterator[House]:
    """Lock, open, catch the views up, connect the accounts; close in the opposite order.

    `reading`: worker processes for letters; `warm`: started at once, not when the first letter comes. `writes`: whether this process may write views that several share.
    Raises `HubRunning`, `MasterKeyProblem`, `UnsafeStore`, `LogAway`.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(one_hub(settings.data))
        if settings.traces_url:
            stack.callback(await asyncio.to_thread(tracing, settings))
        files = Files(settings.data, settings.vault)
        keys = await asyncio.to_thread(keys_of, settings, files, tell)
        stack.callback(keys.close)
        log = await open_record(settings.database_url, files.log, keys)
        stack.push_async_callback(log.close)
        shown = await open_views(settings, files, log, keys, writes=writes)
        stack.callback(shown.runner.close)
        workers = await stack.enter_async_context(LetterReaders(count=reading, warm=warm, cleaner=CLEANER))
        house = _wired(settings, files, keys, log, shown, workers)
        stack.callback(_close, house)
        stack.push_async_callback(house.lookup.close)
        await stack.enter_async_context(following(house.runner, await log.head()))
        await connect_accounts(house)
        yield house


def tracing(settings: Settings) -> Callable[[], None]:
    """Raises `ConfigurationError` without the extra `traces`."""
    from infra.traces import start_traces

    return start_traces(settings.traces_url, settings.workspace)


def _close(house: House) -> None:
    house.views.dispose()
    house.tables.close()
    house.vault.close()


async def connect_accounts(house: House) -> None:
    """Each account says who it is when it is new, or called otherwise than before."""
    await remember(house)
    for inbox in list(house.inboxes.values()):
        await connect(house, inbox)


async def remember(house: House) -> None:
    """Know every inbox that is on record, whoever began it."""
    for inbox in remembered(await house.ask(parked.health), house.inboxes, house.walk.secrets):
        house.inboxes[AccountId(inbox.account)] = inbox


async def connect(house: House, inbox: Inbox) -> None:
    command = ConnectAccount(kind=inbox.kind, name=inbox.name, address=inbox.address.address)
    name = house.walk.secrets.derived("connect", inbox.name, inbox.address.address)
    envelope = Envelope(actor=ASSEMBLY, command=CommandId(name))
    await house.transactor.transact(
        ACCOUNT, StreamId(inbox.account), lambda state: decide(command, state, now()), envelope
    )


def _wired(
    settings: Settings,
    files: Files,
    keys: KeyTable,
    log: HubLog,
    shown: Shown,
    workers: LetterReaders,
) -> House:
    runner, engine, lookup = shown.runner, shown.readers, shown.lookup
    readers = channel_readers(settings, workers)
    vault, secrets = FolderVault(files.vault, keys), keys.secrets
    tables = tables_of(settings, files, keys)
    stored = StatesView(lookup=lookup, unseal=Boxes(keys).unseal)
    states = StateCache(log, stored)
    transactor = Transactor(log, keys, states, SystemRandom())
    addressing = SignedAddressing(secrets)
    walk = Walk(
        log=log,
        vault=vault,
        keys=keys,
        secrets=secrets,
        readers=readers,
        threads=ThreadsView(lookup=lookup),
        complaints=ComplaintsView(lookup=lookup),
        views=runner,
        transactor=transactor,
        addressing=addressing,
        fingerprint=letter_bytes,
        is_ours=partial(_is_ours, engine),
        clock=now,
    )
    return House(
        settings=settings,
        files=files,
        log=log,
        keys=keys,
        vault=vault,
        tables=tables,
        runner=runner,
        views=engine,
        lookup=lookup,
        readers=readers,
        states=states,
        transactor=transactor,
        addressing=addressing,
        walk=walk,
        inboxes=inboxes_of(settings, secrets),
        health=health_of(settings),
        turns=turns_of(settings, tables.leases, log),
    )


async def _is_ours(readers: Readers, message: MessageId) -> bool:
    found = await asyncio.to_thread(asked, readers, partial(outbox.standing, message=message))
    return found is not None
