"""Which conversation does a letter belong to? Evidence only: our signed token, or a header that names an earlier letter of
the same customer. Never an equal subject, never a number: a stranger who quotes one begins a conversation of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.app.addressing import Addressing
from hub.app.identify import Home
from hub.app.ports import Thread, Threads
from hub.domain.conversation.events import ThreadedBy
from hub.domain.ids import ConversationId, CustomerId
from hub.domain.letters import Incoming, normalised

LOOK_BACK = 50
"""How many references are looked at, newest first; a header may name thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a letter goes, and the reason that is recorded with it. `conversation` None: a new one."""

    customer: CustomerId
    conversation: ConversationId | None
    by: ThreadedBy
    why: str


async def by_token(incoming: Incoming, addressing: Addressing, threads: Threads) -> Place | None:
    """The conversation our own token names, if it was made for this very sender."""
    conversation = addressing.conversation((*incoming.recipients, *named(incoming)), incoming.sender)
    thread = None if conversation is None else await threads.by_conversation(conversation)
    if thread is None:
        return None
    why = "our signed token, made for this sender"
    return Place(customer=thread.customer, conversation=thread.conversation, by="token", why=why)


async def by_reference(
    incoming: Incoming, home: Home, same: Collection[CustomerId], threads: Threads
) -> Place | None:
    """The newest letter named in In-Reply-To or References that this sender may answer. `same`: the home and its links."""
    hits = await threads.by_references(named(incoming))
    return next((_place(hit, same) for hit in hits if _may_join(hit, incoming, home, same)), None)


def somewhere_new(home: Home, survivor: CustomerId) -> Place:
    """A conversation of its own, with the customer who survives a link."""
    why = "names no earlier letter that this sender may answer"
    return Place(customer=home.customer if home.is_new else survivor, conversation=None, by="new", why=why)


def named(incoming: Incoming) -> Sequence[str]:
    """Message-IDs the letter answers, nearest first, without repeats."""
    nearest_first = (*incoming.in_reply_to, *reversed(incoming.references))
    return tuple(dict.fromkeys(nearest_first))[:LOOK_BACK]


def _may_join(hit: Thread, incoming: Incoming, home: Home, same: Collection[CustomerId]) -> bool:
    """The customer's own thread; or one in which we wrote to this address and our server vouches for the sender."""
    invited = home.grade == "proven" and normalised(incoming.sender.address) in hit.participants
    return hit.customer in same or invited


def _place(hit: Thread, same: Collection[CustomerId]) -> Place:
    whose = "this customer" if hit.customer in same else "a conversation this sender was written to in"
    why = f"In-Reply-To or References names an earlier letter of {whose}"
    return Place(customer=hit.customer, conversation=hit.conversation, by="reference", why=why)
