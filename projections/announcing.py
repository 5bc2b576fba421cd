"""What changed: kept for sockets that come back, and told to whoever listens now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.app.ports import Recorded
from hub.domain.ids import ConversationId, CustomerId, Position
from projections import complaints, views
from projections.dialect import Cursor
from projections.projection import text_of
from projections.statements import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The views show everything up to `position`; this changed. `kinds` are names of events."""

    position: Position
    conversations: frozenset[ConversationId] = frozenset()
    customers: frozenset[CustomerId] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __add__(self, later: Announcement) -> Announcement:
        return Announcement(
            position=later.position,
            conversations=self.conversations | later.conversations,
            customers=self.customers | later.customers,
            kinds=self.kinds | later.kinds,
        )


CHANGED: Columns = (("kind", None), ("stream", None), ("conversation", None))


def keep_changes(
    cursor: Cursor, news: Sequence[Recorded], position: int, *, by_complaint: bool
) -> Announcement:
    """Rows that a socket can catch up from, and the same for those who listen now."""
    told = [(one, conversation_of(cursor, one.event, by_complaint)) for one in news]
    rows = (
        (one.position, one.name, text_of(one.stream), of and text_of(of))
        for one, of in told[-views.KEPT_CHANGES :]
    )
    cursor.write(views.changes, "add", CHANGED, rows)
    cursor.run(views.PRUNE, {"position": position - views.KEPT_CHANGES})
    return announcement_of(news, [of for _, of in told], position)


def announcement_of(
    news: Sequence[Recorded], conversations: Sequence[ConversationId | None], position: int | None = None
) -> Announcement:
    """What these facts change; `position`: where the views stand, if not at the last of them."""
    return Announcement(
        position=Position(news[-1].position if position is None else position),
        conversations=frozenset(conversation for conversation in conversations if conversation),
        customers=frozenset(CustomerId(one.stream) for one in news),
        kinds=frozenset(one.name for one in news),
    )


def conversation_named(event: Any) -> ConversationId | None:
    conversation: ConversationId | None = getattr(event, "conversation", None)
    return conversation


def conversation_of(cursor: Cursor, event: Any, by_complaint: bool) -> ConversationId | None:
    """The conversation that an event is about; most facts of a complaint name only the complaint."""
    conversation = conversation_named(event)
    complaint = None if conversation or not by_complaint else getattr(event, "complaint", None)
    if complaint is None:
        return conversation
    found = complaints.conversation_of(cursor, str(complaint))
    return None if found is None else ConversationId(UUID(found))
