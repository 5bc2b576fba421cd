"""A whole small hub on real files, with customers whose every personal field holds a canary."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

from sqlalchemy import Engine

from hub.app.kinds import CUSTOMER
from hub.app.ports import Appended, Draft, Envelope, Request, Take, Write
from hub.app.statecache import StateCache
from hub.app.transact import Transactor
from hub.domain.account.events import LetterEchoed, LetterParked
from hub.domain.complaint.events import ComplaintEvent
from hub.domain.conversation.events import ConversationEvent, DeliveryBounced, MessageReceived, ReplyWritten
from hub.domain.customer.events import CustomerErased, CustomerEvent, CustomersLinked, CustomersUnlinked
from hub.domain.ids import AgentId, BlobId, CommandId, ConversationId, CustomerId, Position, StreamId
from hub.domain.letters import Address
from hub.domain.vocabulary import Actor, Erased
from infra.desktables import Desk, open_desk
from infra.erasure import Erasing
from infra.erasures import ErasureList, list_beside
from infra.eventlog import Log, open_log
from infra.keys import KeyFile, open_keys
from infra.keys.boxes import Boxes
from infra.vault import FolderVault
from projections import parked, states
from projections.file import open_book, open_reader
from projections.pages import PAGES
from projections.projection import Projection
from projections.runner import Runner

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = Actor(kind="agent", id=str(UUID(int=7)))
ALONE = (CustomerErased, CustomersLinked, CustomersUnlinked)


def clock() -> datetime:
    return NOW


@dataclass
class Person:
    """One customer; `canaries` are in every personal field of every kind of event, and in the letters themselves."""

    customer: CustomerId
    canaries: list[str] = field(default_factory=list)
    conversation: ConversationId = field(default_factory=lambda: ConversationId(uuid4()))
    blobs: list[BlobId] = field(default_factory=list)
    claim: bytes = b""
    _ids: dict[str, UUID] = field(default_factory=dict)
    _numbers: Any = field(default_factory=count)

    def canary(self) -> str:
        tag = f"{self.customer.hex[:6]}{next(self._numbers):03d}"
        self.canaries.append(f"kanarie{tag}x" if len(self.canaries) % 2 else f"金丝雀{tag}号")
        return self.canaries[-1]

    def fill(self, hint: Any) -> Any:
        """A value of this annotation; texts in personal fields are canaries."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._personal(next(one for one in get_args(inner[0]) if one is not Erased))
        if origin is Literal:
            return inner[0]
        if origin in (Union, UnionType):
            return self.fill(inner[0])
        if origin is tuple:
            return ()
        if hint is BlobId:
            return self.blobs[0]
        if (name := getattr(hint, "__name__", "")).endswith("Id") and hasattr(hint, "__supertype__"):
            return self.conversation if name == "ConversationId" else self._ids.setdefault(name, uuid4())
        hint = getattr(hint, "__supertype__", hint)
        return {str: "x", int: 1, float: 1.0, bool: False, datetime: NOW}[hint]

    def _personal(self, hint: Any) -> Any:
        origin, inner = get_origin(hint), get_args(hint)
        if origin is tuple:
            many = inner[-1] is Ellipsis
            return tuple(self._personal(one) for one in (inner[:1] if many else inner))
        if origin in (Union, UnionType):
            return self._personal(inner[0])
        if hint is Address:
            return Address(address=f"{self.canary()}@customer.example", name=self.canary())
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            return hint(**{one.name: self._personal(hints[one.name]) for one in fields(hint)})
        return self.canary() if hint is str else self.fill(hint)

    def events(self) -> list[object]:
        """One of every kind that stands in a customer's stream, in the order in which the kinds are declared."""
        kinds = [*get_args(CustomerEvent), *get_args(ConversationEvent), *get_args(ComplaintEvent)]
        return [self.event(kind) for kind in kinds if kind not in ALONE]

    def event(self, kind: type) -> object:
        hints = get_type_hints(kind, include_extras=True)
        filled = {one.name: self.fill(hints[one.name]) for one in fields(kind)}
        if kind in (ReplyWritten, MessageReceived, DeliveryBounced):
            where = {"ReplyWritten": "blobs", "MessageReceived": "raw", "DeliveryBounced": "report"}[
                kind.__name__
            ]
            blob = self.blobs[{"raw": 0, "blobs": 1, "report": 2}[where]]
            filled[where] = (blob,) if where == "blobs" else blob
        return kind(**filled)


@dataclass
class Shop:
    """Everything that an erasure touches, on real files below `root`."""

    root: Path
    keys: KeyFile
    log: Log
    vault: FolderVault
    desk: Desk
    runner: Runner
    readers: Engine
    transactor: Transactor
    erasing: Erasing

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def files(self) -> Any:
        """Where things are, as a backup asks for it."""
        return files_of(self.data)

    @property
    def master(self) -> Path:
        return self.root / "home" / "shop.key"

    async def record(self, stream: UUID, *events: object, claims: tuple[Take, ...] = ()) -> Position:
        expected = await self.log.version(StreamId(stream))
        write = Write(stream=StreamId(stream), expected=expected, events=events)
        envelope = Envelope(actor=BY, command=CommandId(uuid4()))
        answer = await self.log.append(Request(envelope=envelope, writes=(write,), claims=claims))
        assert isinstance(answer, Appended)
        return answer.positions[-1]

    async def person(self) -> Person:
        """A new customer with canaries everywhere: events, letters, attachments, draft, parked and echoed letters."""
        one = Person(CustomerId(uuid4()))
        letters = [f"Subject: {one.canary()}\r\n\r\n{one.canary()}\r\n".encode() * 20 for _ in range(5)]
        one.blobs = await self.vault.keep(letters)
        await self.keys.ensure(StreamId(one.customer))
        events = one.events()
        one.claim = self.keys.secrets.keyed("claim", str(one.customer))
        take = Take(key=one.claim, stream=StreamId(one.customer))
        await self.record(one.customer, *events, claims=(take,))
        await self._account(one, events)
        body = f'{{"text": "{one.canary()}"}}'.encode()
        agent = AgentId(UUID(int=7))
        draft = Draft(agent=agent, conversation=one.conversation, body=body, saved_at=NOW)
        await self.desk.drafts.save(one.customer, draft)
        return one

    async def _account(self, one: Person, events: Sequence[object]) -> None:
        claimed = next(event.address for event in events if hasattr(event, "evidence"))
        sent = next(event.message_ref for event in events if isinstance(event, ReplyWritten))
        parked_letter = LetterParked(
            raw=one.blobs[3], size=1, why="damaged", folder="INBOX", validity=1, uid=1,
            excerpt=f"From: {claimed} {one.canary()}",
        )  # fmt: skip
        echo = LetterEchoed(raw=one.blobs[4], folder="INBOX", validity=1, uid=2, message_ref=sent)
        await self.record(UUID(int=99), parked_letter, echo)

    async def settled(self) -> None:
        """The views show everything."""
        await self.runner.reached(await self.log.head(), patience=20)

    def ask(self, question: Callable[..., Any], *args: Any) -> Any:
        with self.readers.connect() as connection:
            return question(connection, *args)


@asynccontextmanager
async def a_shop(root: Path, pages: Sequence[Projection] = tuple(PAGES)) -> AsyncIterator[Shop]:
    """Open, or open again, what stands below `root`."""
    data, master = root / "data", root / "home" / "shop.key"
    data.mkdir(parents=True, exist_ok=True)
    keys = open_keys(data / "keys.sqlite", master, tell=lambda note: None)
    log = await open_log(data / "log.sqlite", keys)
    vault, desk = FolderVault(data / "vault", keys), open_desk(data / "desk.sqlite", keys, clock)
    boxes = Boxes(keys)
    book = open_book(
        data / "views.sqlite", [*pages, states.projection(boxes.seal, boxes.unseal)], await log.incarnation()
    )
    runner = Runner(log=log, book=book, clock=clock)
    readers = open_reader(data / "views.sqlite")
    transactor = Transactor(log, keys, StateCache(log), Random(1))
    task = asyncio.create_task(runner.run())

    async def forget_letters(blobs: Any) -> None:
        await runner.do(lambda cursor: parked.forget_letters(cursor, blobs))

    erasing = Erasing(
        transactor=transactor,
        log=log,
        named=log.named,
        keys=keys,
        vault=vault,
        drafts=desk.drafts,
        reached=partial(runner.reached, patience=20),
        forget_letters=forget_letters,
        scrubs={"log": log.scrub, "keys": keys.scrub, "desk": desk.scrub, "views": runner.scrub},
        erasures=ErasureList(list_beside(master)),
        house=asyncio.Lock(),
        clock=clock,
    )
    shop = Shop(root, keys, log, vault, desk, runner, readers, transactor, erasing)
    try:
        yield shop
    finally:
        task.cancel()
        await asyncio.wait([task])
        readers.dispose()
        runner.close()
        await log.close()
        vault.close()
        desk.close()
        keys.close()


async def state_of(shop: Shop, customer: CustomerId) -> Any:
    return await shop.transactor.state(CUSTOMER, StreamId(customer))


def files_of(data: Path) -> Any:
    return SimpleNamespace(
        log=data / "log.sqlite", keys=data / "keys.sqlite", desk=data / "desk.sqlite", vault=data / "vault"
    )
