"""What a conversation's decisions need to know of it, folded from the customer's stream.

Everything here can be encoded as it is (msgspec) and holds no text. Only open conversations stay in a customer's state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, assert_never

from hub.domain.conversation.events import (
    ConversationAssigned,
    ConversationEvent,
    ConversationMarkedSpam,
    ConversationOpened,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    ConversationTagged,
    ConversationUnmarkedSpam,
    ConversationUntagged,
    ConversationWoken,
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryHandedOver,
    DeliveryRetried,
    DeliveryStarted,
    DeliveryUncertain,
    MessageReceived,
    MessageSeenAgain,
    NoteAdded,
    ReplyWithdrawn,
    ReplyWritten,
)
from hub.domain.ids import AgentId, ConversationId, MessageId

Status = Literal["open", "waiting", "snoozed", "resolved"]
"""`waiting`: a person of ours had the last word, the customer has the next."""

REMEMBERED: Final = 8
"""How many of the last messages are told apart for the stale stop."""

CUSTOMER: Final = "customer"
BOT: Final = "bot"
WITHDRAWN: Final = "withdrawn"
UNKNOWN: Final = "unknown"
"""Who spoke is one of these words or the id of an agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message and who said it."""

    message: MessageId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`said`: the last messages, oldest first; `forgot`: there were more before them.

    `resolved_after`: the last word when it was resolved; None when nothing was said, or it is not resolved.
    """

    id: ConversationId
    status: Status = "open"
    assignee: AgentId | None = None
    tags: tuple[str, ...] = ()
    spam: bool = False
    snoozed_until: datetime | None = None
    said: tuple[Said, ...] = ()
    forgot: bool = False
    resolved_after: MessageId | None = None

    @property
    def is_open(self) -> bool:
        """Whether it stays in the customer's state."""
        return self.status != "resolved" and not self.spam


def evolve(past: Conversation | None, event: ConversationEvent) -> Conversation | None:
    """The conversation after `event`; None where there is none in hand and the event does not begin one."""
    match event:
        case ConversationOpened(conversation=conversation):
            return Conversation(id=conversation)
        case ConversationReopened():
            return _reopened(event)
        case _:
            return None if past is None else _moved(past, event)


def _moved(past: Conversation, event: ConversationEvent) -> Conversation:
    match event:
        case MessageReceived():
            return _heard(past, event)
        case ReplyWritten():
            return _wrote(past, event)
        case ReplyWithdrawn():
            return _took_back(past, event)
        case ConversationAssigned(assignee=assignee):
            return replace(past, assignee=assignee)
        case ConversationSnoozed(until=until):
            return replace(past, status="snoozed", snoozed_until=until)
        case ConversationWoken():
            return replace(past, status="open", snoozed_until=None)
        case ConversationResolved():
            return replace(past, status="resolved", snoozed_until=None, resolved_after=last_word(past))
        case ConversationTagged(tag=tag):
            return replace(past, tags=(*past.tags, tag))
        case ConversationUntagged(tag=tag):
            return replace(past, tags=tuple(kept for kept in past.tags if kept != tag))
        case ConversationMarkedSpam():
            return replace(past, spam=True)
        case ConversationUnmarkedSpam():
            return replace(past, spam=False)
        case (
            ConversationOpened()
            | ConversationReopened()
            | MessageSeenAgain()
            | NoteAdded()
            | DeliveryStarted()
            | DeliveryHandedOver()
            | DeliveryDeferred()
            | DeliveryFailed()
            | DeliveryUncertain()
            | DeliveryBounced()
            | DeliveryRetried()
        ):
            return past
        case _:
            assert_never(event)


def _reopened(event: ConversationReopened) -> Conversation:
    """From the event alone: the same whether the closed conversation was in hand or not."""
    said = () if event.last is None else (Said(message=event.last, by=UNKNOWN),)
    return Conversation(
        id=event.conversation,
        assignee=event.assignee,
        tags=event.tags,
        said=said,
        forgot=event.last is not None,
    )


def _heard(past: Conversation, event: MessageReceived) -> Conversation:
    heard = _say(past, Said(message=event.message, by=CUSTOMER))
    return replace(heard, status="open") if past.status == "waiting" else heard


def _wrote(past: Conversation, event: ReplyWritten) -> Conversation:
    wrote = _say(past, Said(message=event.message, by=str(event.author) if event.author else BOT))
    last_word = event.author is not None and event.kind != "forward" and past.status == "open"
    return replace(wrote, status="waiting") if last_word else wrote


def _say(past: Conversation, said: Said) -> Conversation:
    everything = (*past.said, said)
    return replace(past, said=everything[-REMEMBERED:], forgot=past.forgot or len(everything) > REMEMBERED)


def _took_back(past: Conversation, event: ReplyWithdrawn) -> Conversation:
    """Who waits for us goes on waiting, unless another letter of ours stands."""
    left = replace(past, said=tuple(_withdrawn(one, event) for one in past.said))
    stands = any(word.by not in (CUSTOMER, UNKNOWN) for word in words(left)[-1:])
    return left if stands or past.status != "waiting" else replace(left, status="open")


def words(conversation: Conversation) -> tuple[Said, ...]:
    """What customers and colleagues said: a bot's letter is nobody's word, nor is one that was taken back."""
    return tuple(said for said in conversation.said if said.by not in (BOT, WITHDRAWN))


def last_word(conversation: Conversation) -> MessageId | None:
    said = words(conversation)
    return said[-1].message if said else None


def _withdrawn(said: Said, event: ReplyWithdrawn) -> Said:
    return replace(said, by=WITHDRAWN) if said.message == event.message else said
