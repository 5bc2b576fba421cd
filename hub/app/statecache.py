"""States of streams, kept near: the newest in memory, else the stored one plus the stream's tail (record rule 18).

Nothing is written here on append, and no command folds a long stream where a stored state exists.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final, Generic, Protocol, TypeVar, cast
from uuid import UUID

import msgspec

from hub.app.decoding import once_made
from hub.app.ports import EventLog, Recorded
from hub.domain.ids import Position, StreamId

MOST: Final = 4096
NOWHERE: Final = Position(0)
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Generic[S]):
    """How closed items of a kind come back into its state for a command that names them.

    `type`: what a stored item decodes to. `closed(before, event)`: the items that leave the state with `event`.
    `later(item, event)`: a closed item after an event that came later. `id_of`: an item's id. `is_open(state, id)`: no need to look.
    """

    type: type[Any]
    closed: Callable[[S, Any], Iterable[Any]]
    later: Callable[[Any, Any], Any]
    put_back: Callable[[S, Any], S]
    id_of: Callable[[Any], UUID]
    is_open: Callable[[S, UUID], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """A sort of stream: where its state begins and how an event changes it.

    `fold` is the version of that code; a stored state of another version is not used. Without `type` none is looked for.
    """

    initial: S
    evolve: Callable[[S, Any], S]
    fold: int = 0
    type: type[S] | None = None
    items: Items[S] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A state, or a closed item, as of `version` of its stream; `fold` is the version of the code that folded it."""

    version: int
    fold: int
    data: bytes


class States(Protocol):
    """The `states` view."""

    async def load(self, stream: StreamId) -> Stored | None:
        """The stream's state as of the view's position."""
        ...

    async def load_item(self, stream: StreamId, item: UUID) -> Stored | None:
        """A closed conversation or complaint. `version` is the stream's at the view's position: nothing until then changed it."""
        ...


class NoStates:
    """Nothing is stored: every state is folded from its stream."""

    async def load(self, stream: StreamId) -> Stored | None:
        return None

    async def load_item(self, stream: StreamId, item: UUID) -> Stored | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[S]):
    """A state, the version it stands at, and the position of the last event folded (0 when a stored state was the last)."""

    version: int
    state: S
    position: Position = NOWHERE


def dump(value: object) -> bytes:
    """A state or item in the bytes that `States` gives back."""
    return msgspec.json.encode(value)


class StateCache:
    """The least recently used go first. `size` counts streams."""

    def __init__(self, log: EventLog, states: States | None = None, *, size: int = MOST) -> None:
        self._log = log
        self._states: States = states or NoStates()
        self._size = size
        self._known: OrderedDict[StreamId, Known[Any]] = OrderedDict()

    async def load(self, kind: Kind[S], stream: StreamId) -> Known[S]:
        """The state as last known here; it may be behind what others wrote since."""
        known = cast("Known[S] | None", self._known.get(stream))
        return known or await self.refresh(kind, stream)

    async def refresh(self, kind: Kind[S], stream: StreamId) -> Known[S]:
        """The state as it is now on record."""
        known = cast("Known[S] | None", self._known.get(stream)) or await self._stored(kind, stream)
        known = folded(kind, known, await self._tail(stream, known.version))
        return self.keep(stream, known)

    def keep(self, stream: StreamId, known: Known[S]) -> Known[S]:
        """Remember a state that is on record."""
        self._known[stream] = known
        self._known.move_to_end(stream)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return known

    def forget(self, stream: StreamId) -> None:
        self._known.pop(stream, None)

    async def with_items(self, kind: Kind[S], stream: StreamId, known: Known[S], items: Sequence[UUID]) -> S:
        """The state with closed items put back, for deciding only. What is not found belongs to no closed item."""
        state, how = known.state, kind.items
        for item in items:
            if how and known.version and not how.is_open(state, item):
                found = await self._closed_item(kind, how, stream, item)
                state = state if found is None else how.put_back(state, found)
        return state

    async def _stored(self, kind: Kind[S], stream: StreamId) -> Known[S]:
        stored = await self._states.load(stream) if kind.type else None
        state = decoded(stored, kind.type, kind.fold)
        return (
            Known(version=stored.version, state=state)
            if stored and state is not None
            else Known(version=0, state=kind.initial)
        )

    async def _closed_item(self, kind: Kind[S], how: Items[S], stream: StreamId, item: UUID) -> Any:
        """From its stored row and the tail; or, when the view has none yet, as it closed in the tail."""
        stored = await self._states.load_item(stream, item)
        row = decoded(stored, how.type, kind.fold)
        if stored and row is not None:
            return reduce(how.later, events(await self._tail(stream, stored.version)), row)
        base = await self._stored(kind, stream)
        return closed_in(kind, how, base.state, events(await self._tail(stream, base.version)), item)

    async def _tail(self, stream: StreamId, after: int) -> Sequence[Recorded]:
        """Mostly there is none, and the stream's version says so at less cost than a page of facts."""
        if await self._log.version(stream) <= after:
            return ()
        return await self._log.read_stream(stream, after=after)


def closed_in(kind: Kind[S], how: Items[S], state: S, tail: Iterable[object], item: UUID) -> Any:
    """The item as it stands at the end of `tail`, if it closed there; else None."""
    found = None
    for event in tail:
        found = found if found is None else how.later(found, event)
        found = next((one for one in how.closed(state, event) if how.id_of(one) == item), found)
        state = kind.evolve(state, event)
    return found


def folded(kind: Kind[S], known: Known[S], facts: Sequence[Recorded]) -> Known[S]:
    if not facts:
        return known
    last = facts[-1]
    return replace(
        known,
        version=last.version,
        state=reduce(kind.evolve, events(facts), known.state),
        position=last.position,
    )


def events(facts: Iterable[Recorded]) -> Iterable[object]:
    return (fact.event for fact in facts)


_DECODERS: Final[dict[type, Callable[[bytes], Any]]] = {}


def _decoder(kind: type) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind).decode


def decoded(stored: Stored | None, kind: type[T] | None, fold: int) -> T | None:
    """None when there is nothing, or other code folded it, or its bytes no longer fit."""
    if stored is None or kind is None or stored.fold != fold:
        return None
    try:
        state: T = once_made(_DECODERS, kind, _decoder)(stored.data)
        return state
    except msgspec.MsgspecError:
        return None
