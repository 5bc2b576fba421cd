"""The sorts of streams: where each state begins, how an event changes it, and how a customer's closed items come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hub.app.statecache import Items, Kind
from hub.domain.account import state as account
from hub.domain.complaint.state import Complaint
from hub.domain.conversation.state import Conversation
from hub.domain.customer import state as customer
from hub.domain.customer.state import CustomerState, Item
from hub.domain.ids import ComplaintId, ConversationId
from hub.domain.staff import state as staff


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedItem:
    """A closed conversation or complaint as it is stored: exactly one of the two is there."""

    conversation: Conversation | None = None
    complaint: Complaint | None = None


def closed(before: CustomerState, event: customer.StreamFact) -> Iterable[ClosedItem]:
    """What leaves the state with `event`."""
    return [_stored(item) for item in customer.closed_items(before, event)]


def later(item: ClosedItem, event: customer.StreamFact) -> ClosedItem:
    return _stored(customer.evolve_item(_item(item), event))


def put_back(state: CustomerState, item: ClosedItem) -> CustomerState:
    return customer.with_item(state, _item(item))


def item_id(item: ClosedItem) -> UUID:
    return _item(item).id


def is_open(state: CustomerState, item: UUID) -> bool:
    """Whether the state holds it already."""
    return ConversationId(item) in state.conversations or ComplaintId(item) in state.complaints


CUSTOMER: Final[Kind[CustomerState]] = Kind(
    initial=customer.INITIAL,
    evolve=customer.evolve,
    fold=customer.STATE_VERSION,
    type=CustomerState,
    items=Items(
        type=ClosedItem, closed=closed, later=later, put_back=put_back, id_of=item_id, is_open=is_open
    ),
)

ACCOUNT: Final[Kind[account.Account]] = Kind(initial=account.INITIAL, evolve=account.evolve)
AGENT: Final[Kind[staff.Agent]] = Kind(initial=staff.NOBODY, evolve=staff.evolve_agent)
WORKSPACE: Final[Kind[staff.Settings]] = Kind(initial=staff.UNSET, evolve=staff.evolve_settings)


def _stored(item: Item) -> ClosedItem:
    return ClosedItem(conversation=item) if isinstance(item, Conversation) else ClosedItem(complaint=item)


def _item(stored: ClosedItem) -> Item:
    item = stored.conversation or stored.complaint
    if item is None:
        raise ValueError("a closed item is a conversation or a complaint")
    return item
