"""A customer as the decisions see one: who they are and what is open, folded from the whole stream (record rule 18).

The state is a cache, smaller than 8 kB however long the stream: what is closed leaves it. `evolve` never needs a closed
item; a command that names one gets it back with `with_item`, for deciding only: events are folded onto the state without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final, TypeVar, assert_never, cast, get_args

from hub.domain.complaint.events import ComplaintEvent
from hub.domain.complaint.state import Complaint
from hub.domain.complaint.state import evolve as evolve_complaint
from hub.domain.conversation.deliveries import Deliveries, DeliveryEvent
from hub.domain.conversation.deliveries import evolve as evolve_deliveries
from hub.domain.conversation.events import ConversationEvent, MessageSeenAgain
from hub.domain.conversation.state import Conversation
from hub.domain.conversation.state import evolve as evolve_conversation
from hub.domain.customer.automatic import AutomaticLetter, counted
from hub.domain.customer.events import (
    CustomerErased,
    CustomerEvent,
    CustomerNamed,
    CustomerOpened,
    CustomersLinked,
    CustomersUnlinked,
    Evidence,
    IdentityClaimed,
    IdentityVerified,
    LinkSuggested,
    RecordViewed,
)
from hub.domain.ids import ComplaintId, ConversationId, CustomerId
from hub.domain.letters import normalised
from hub.domain.vocabulary import Opaque, opened

STATE_VERSION: Final = 3
"""Grows with every change of what `evolve` gives; a stored state of another version is rebuilt before it is used."""

SUGGESTIONS_KEPT: Final = 10

StreamFact = CustomerEvent | ConversationEvent | ComplaintEvent | Opaque
Item = Conversation | Complaint
K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V", Conversation, Complaint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A way to reach the customer. `address` is normalised."""

    channel: str
    address: str
    verified: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerState:
    """`version`: events folded. `links`: the other customer → who survives. `conversations` and `complaints`: open ones only.

    `deliveries`: letters of ours that are under way or wait for a person. `automatic`: newest last, within one day.
    """

    version: int = 0
    opened: bool = False
    erased: bool = False
    name: str = ""
    identities: tuple[Identity, ...] = ()
    links: Mapping[CustomerId, CustomerId] = field(default_factory=dict)
    suggestions: tuple[CustomerId, ...] = ()
    conversations: Mapping[ConversationId, Conversation] = field(default_factory=dict)
    complaints: Mapping[ComplaintId, Complaint] = field(default_factory=dict)
    deliveries: Deliveries = field(default_factory=dict)
    automatic: tuple[AutomaticLetter, ...] = ()


INITIAL: Final = CustomerState()

_CONVERSATION: Final = frozenset(get_args(ConversationEvent)) - {MessageSeenAgain}
_COMPLAINT: Final = frozenset(get_args(ComplaintEvent))
_DELIVERY: Final = frozenset(get_args(DeliveryEvent))
_CUSTOMER: Final = frozenset(get_args(CustomerEvent))


def fold(events: Iterable[StreamFact], state: CustomerState = INITIAL) -> CustomerState:
    """The state after `events`."""
    return reduce(evolve, events, state)


def evolve(state: CustomerState, event: StreamFact) -> CustomerState:
    """The state after one more event of the stream. Total and silent: what it does not know it counts and passes by."""
    kind = type(event)
    if kind in _CONVERSATION:
        return _talked(state, cast(ConversationEvent, event))
    if kind in _COMPLAINT:
        return _complained(state, cast(ComplaintEvent, event))
    if kind in _CUSTOMER:
        return _known(state, cast(CustomerEvent, event))
    return replace(state, version=state.version + 1)


def closed_items(before: CustomerState, event: StreamFact) -> tuple[Item, ...]:
    """The items that leave the state with `event`, as they are afterwards; the `states` view keeps them for `with_item`."""
    if before.erased:
        return ()
    item: Item | None = None
    if type(event) in _CONVERSATION:
        item = _next_conversation(before, cast(ConversationEvent, event))
    elif type(event) in _COMPLAINT:
        item = _next_complaint(before, cast(ComplaintEvent, event))
    return () if item is None or item.is_open else (item,)


def with_item(state: CustomerState, item: Item) -> CustomerState:
    """The state with a closed item put back, for a command that names it."""
    match item:
        case Conversation():
            return replace(state, conversations={**state.conversations, item.id: item})
        case Complaint():
            return replace(state, complaints={**state.complaints, item.id: item})
        case _:
            assert_never(item)


def evolve_item(item: Item, event: StreamFact) -> Item:
    """A closed item after an event of the stream that came later; events about others pass it by."""
    if isinstance(item, Conversation) and type(event) in _CONVERSATION:
        talk = cast(ConversationEvent, event)
        about_it = _conversation_of(talk) == item.id
        return (evolve_conversation(item, talk) or item) if about_it else item
    if isinstance(item, Complaint) and type(event) in _COMPLAINT:
        move = cast(ComplaintEvent, event)
        return (evolve_complaint(item, move) or item) if move.complaint == item.id else item
    return item


def _known(state: CustomerState, event: CustomerEvent) -> CustomerState:
    version = state.version + 1
    match event:
        case CustomerOpened(name=name):
            return replace(state, version=version, opened=True, name=opened(name, ""))
        case CustomerNamed(name=name):
            return replace(state, version=version, name=opened(name, ""))
        case IdentityClaimed() | IdentityVerified():
            return replace(state, version=version, identities=_identified(state.identities, event))
        case LinkSuggested(other=other):
            others = (*(known for known in state.suggestions if known != other), other)
            return replace(state, version=version, suggestions=others[-SUGGESTIONS_KEPT:])
        case CustomersLinked(other=other, survivor=survivor):
            left = tuple(known for known in state.suggestions if known != other)
            return replace(state, version=version, links={**state.links, other: survivor}, suggestions=left)
        case CustomersUnlinked(other=other):
            return replace(state, version=version, links=_without(state.links, other))
        case RecordViewed():
            return replace(state, version=version)
        case CustomerErased():
            return CustomerState(version=version, opened=True, erased=True)
        case _:
            assert_never(event)


def _identified(
    known: tuple[Identity, ...], event: IdentityClaimed | IdentityVerified
) -> tuple[Identity, ...]:
    """A proof replaces a claim of the same address; a claim never replaces a proof."""
    address = normalised(opened(event.address, ""))
    others = tuple(one for one in known if (one.channel, one.address) != (event.channel, address))
    proven_before = any(one.verified for one in known if one not in others)
    if proven_before and isinstance(event, IdentityClaimed):
        return known
    verified = isinstance(event, IdentityVerified)
    return (
        *others,
        Identity(channel=event.channel, address=address, verified=verified, evidence=event.evidence),
    )


def _talked(state: CustomerState, event: ConversationEvent) -> CustomerState:
    if state.erased:
        return replace(state, version=state.version + 1)
    conversations = _put(state.conversations, _conversation_of(event), _next_conversation(state, event))
    if type(event) not in _DELIVERY:
        return replace(state, version=state.version + 1, conversations=conversations)
    delivery = cast(DeliveryEvent, event)
    return replace(
        state,
        version=state.version + 1,
        conversations=conversations,
        deliveries=evolve_deliveries(state.deliveries, delivery),
        automatic=counted(state.automatic, delivery),
    )


def _complained(state: CustomerState, event: ComplaintEvent) -> CustomerState:
    if state.erased:
        return replace(state, version=state.version + 1)
    complaints = _put(state.complaints, event.complaint, _next_complaint(state, event))
    return replace(state, version=state.version + 1, complaints=complaints)


def _next_conversation(state: CustomerState, event: ConversationEvent) -> Conversation | None:
    conversation = _conversation_of(event)
    return evolve_conversation(state.conversations.get(conversation), event) if conversation else None


def _next_complaint(state: CustomerState, event: ComplaintEvent) -> Complaint | None:
    return evolve_complaint(state.complaints.get(event.complaint), event)


def _conversation_of(event: ConversationEvent) -> ConversationId | None:
    return None if isinstance(event, MessageSeenAgain) else event.conversation


def _put(items: Mapping[K, V], key: K | None, item: V | None) -> Mapping[K, V]:
    """Without the item once it is closed; untouched where nothing changed."""
    if key is None or item is None or items.get(key) is item:
        return items
    return {**items, key: item} if item.is_open else _without(items, key)


def _without(items: Mapping[K, T], key: K) -> Mapping[K, T]:
    return {other: item for other, item in items.items() if other != key}
