"""The states of customers' streams and their closed items, sealed under each customer's key (record rule 18).

The one projection that reads: to fold an event it needs the state before it. It keeps the states of a page in memory,
and loads one from its own table when the memory has let it go; nothing else is ever read while projecting (ADR 0021).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, get_args
from uuid import UUID

from sqlalchemy import (
    Column,
    Executable,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
)

from hub.app.kinds import CUSTOMER, ClosedItem, closed, is_open, item_id, later
from hub.app.ports import Recorded
from hub.app.statecache import Stored, decoded, dump
from hub.domain.complaint.events import ComplaintEvent
from hub.domain.conversation.events import ConversationEvent
from hub.domain.customer.events import CustomerEvent
from hub.domain.customer.state import INITIAL, CustomerState
from hub.domain.ids import StreamId
from hub.domain.vocabulary import Opaque
from projections.dialect import Lookup
from projections.page import Page
from projections.projection import Projection, Subscriptions, text_of

Seal: TypeAlias = Callable[[UUID, bytes], bytes | None]
"""Plain bytes sealed under the stream's key, or sealed bytes opened; None once the key was destroyed. Any thread."""


class Sealer(Protocol):
    """Keeps personal bytes under the key of their stream."""

    def seal(self, stream: UUID, data: bytes) -> bytes | None: ...

    def unseal(self, stream: UUID, data: bytes) -> bytes | None: ...


SHAPE: Final = 1
"""Grows when the tables change."""

REMEMBERED: Final = 4_096

metadata = MetaData()

states = Table(
    "states",
    metadata,
    Column("stream", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

items = Table(
    "state_items",
    metadata,
    Column("stream", String, primary_key=True),
    Column("item", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

STATE_OF = select(states.c.version, states.c.sealed).where(states.c.stream == bindparam("stream"))
ITEM_OF = select(states.c.version, items.c.sealed).where(
    items.c.stream == bindparam("stream"),
    items.c.item == bindparam("item"),
    states.c.stream == items.c.stream,
)
"""A closed item stands as of its stream's version in this view: what changed it until then is in its row."""


@dataclass(slots=True)
class Memory:
    """States as folded so far; `touched` ones are written at the end of the page, and only others are let go."""

    seal: Seal
    unseal: Seal
    states: OrderedDict[str, CustomerState] = field(default_factory=OrderedDict)
    touched: dict[str, UUID] = field(default_factory=dict)
    items: dict[tuple[str, str], ClosedItem] = field(default_factory=dict)

    def fold(self, event: Any, recorded: Recorded, page: Page) -> None:
        stream = text_of(recorded.stream)
        before = self.state(stream, recorded.stream, page)
        if before.version + 1 != recorded.version:
            self.lose(stream, page)
            return
        after = CUSTOMER.evolve(before, event)
        self.states[stream] = after
        self.touched[stream] = recorded.stream
        if left(before, after):
            self.keep_closed(stream, before, event)
        else:
            self.let_go_of_opened(stream, before, after, event, page)
            self.change_closed(recorded, after, event, page)

    def state(self, stream: str, key: UUID, page: Page) -> CustomerState:
        if (known := self.states.get(stream)) is not None:
            self.states.move_to_end(stream)
            return known
        for _, sealed in page.read(STATE_OF, {"stream": stream}):
            plain = self.unseal(key, sealed)
            stored = None if plain is None else Stored(version=0, fold=CUSTOMER.fold, data=plain)
            return decoded(stored, CUSTOMER.type, CUSTOMER.fold) or INITIAL
        return INITIAL

    def lose(self, stream: str, page: Page) -> None:
        """Its past can't be folded (its key is gone): nothing is stored, and whoever asks folds the stream itself."""
        self.states.pop(stream, None)
        self.touched.pop(stream, None)
        page.delete(states, stream)

    def keep_closed(self, stream: str, before: CustomerState, event: Any) -> None:
        for item in closed(before, event):
            self.items[stream, str(item_id(item))] = item

    def let_go_of_opened(
        self, stream: str, before: CustomerState, after: CustomerState, event: Any, page: Page
    ) -> None:
        """What is open is in the state; a row of when it had closed would be taken for the truth when it closes again."""
        for item in named_by(event):
            if is_open(after, item) and not is_open(before, item):
                self.items.pop((stream, str(item)), None)
                page.delete(items, (stream, str(item)))

    def change_closed(self, recorded: Recorded, after: CustomerState, event: Any, page: Page) -> None:
        """A fact about an item that closed before: its row has to say what it is now."""
        for item in named_by(event):
            if not is_open(after, item):
                known = self.closed_item(recorded.stream, str(item), page)
                changed = None if known is None else later(known, event)
                if changed is not None and changed != known:
                    self.items[text_of(recorded.stream), str(item)] = changed

    def closed_item(self, stream: UUID, item: str, page: Page) -> ClosedItem | None:
        if (known := self.items.get((str(stream), item))) is not None:
            return known
        for _, sealed in page.read(ITEM_OF, {"stream": str(stream), "item": item}):
            plain = self.unseal(stream, sealed)
            stored = None if plain is None else Stored(version=0, fold=CUSTOMER.fold, data=plain)
            return decoded(stored, ClosedItem, CUSTOMER.fold)
        return None

    def finish(self, page: Page) -> None:
        """Note every state and item touched since the last page, sealed; then let the oldest states go."""
        for stream, key in self.touched.items():
            self.note_state(stream, key, page)
        for (stream, item), known in self.items.items():
            if (sealed := self.seal(UUID(stream), dump(known))) is not None:
                page.upsert(items, (stream, item), {"sealed": sealed})
        self.touched.clear()
        self.items.clear()
        while len(self.states) > REMEMBERED:
            self.states.popitem(last=False)

    def note_state(self, stream: str, key: UUID, page: Page) -> None:
        state = self.states[stream]
        sealed = None if state.erased else self.seal(key, dump(state))
        if sealed is not None:
            page.upsert(states, stream, {"version": state.version, "sealed": sealed})

    def reset(self) -> None:
        """A page was rolled back: what was folded from it is not so."""
        self.states.clear()
        self.touched.clear()
        self.items.clear()


def left(before: CustomerState, after: CustomerState) -> bool:
    """Whether something closed and left the state."""
    fewer_conversations = len(after.conversations) < len(before.conversations)
    return not after.erased and (fewer_conversations or len(after.complaints) < len(before.complaints))


def named_by(event: Any) -> Iterator[UUID]:
    """The conversation or complaint that the event is about."""
    kind = "complaint" if type(event) in COMPLAINT else "conversation" if type(event) in CONVERSATION else ""
    item = getattr(event, kind, None) if kind else None
    if item is not None:
        yield item


COMPLAINT: Final = frozenset(get_args(ComplaintEvent))
CONVERSATION: Final = frozenset(get_args(ConversationEvent))
FOLDED: Final = (*get_args(CustomerEvent), *CONVERSATION, *COMPLAINT, Opaque)


def forget(customer: str) -> Iterator[Executable]:
    yield delete(states).where(states.c.stream == customer)
    yield delete(items).where(items.c.stream == customer)


def projection(seal: Seal, unseal: Seal) -> Projection:
    """The page for one views file; its memory belongs to that file's writer."""
    memory = Memory(seal, unseal)
    project = Subscriptions()
    project.on(*FOLDED)(memory.fold)
    return Projection(
        name="states",
        version=1_000 * SHAPE + CUSTOMER.fold,
        tables=(states, items),
        project=project,
        forget=forget,
        finish=memory.finish,
        reset=memory.reset,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatesView:
    """The `States` port over the views."""

    lookup: Lookup
    unseal: Seal

    async def load(self, stream: StreamId) -> Stored | None:
        """The stream's state as of the view's position."""
        return await self._ask(STATE_OF, {"stream": str(stream)}, stream)

    async def load_item(self, stream: StreamId, item: UUID) -> Stored | None:
        """A closed conversation or complaint, as of the stream's version at the view's position."""
        return await self._ask(ITEM_OF, {"stream": str(stream), "item": str(item)}, stream)

    async def _ask(self, query: Executable, values: dict[str, str], stream: UUID) -> Stored | None:
        for version, sealed in await self.lookup.rows(query, values):
            plain = self.unseal(stream, sealed)
            return None if plain is None else Stored(version=version, fold=CUSTOMER.fold, data=plain)
        return None
