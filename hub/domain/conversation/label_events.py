"""Facts of what colleagues stick on a conversation: tags, and that it is spam. These names are on disk: add, never rename."""

from __future__ import annotations

from hub.domain.ids import ConversationId
from hub.domain.vocabulary import event


@event("conversation.tagged.v1")
class ConversationTagged:
    """A colleague put this tag on it."""

    conversation: ConversationId
    tag: str


@event("conversation.untagged.v1")
class ConversationUntagged:
    """The tag was taken off."""

    conversation: ConversationId
    tag: str


@event("conversation.marked_spam.v1")
class ConversationMarkedSpam:
    """`why`: "agent", or the sign that spoke ("honeypot")."""

    conversation: ConversationId
    why: str


@event("conversation.unmarked_spam.v1")
class ConversationUnmarkedSpam:
    """It is no spam after all."""

    conversation: ConversationId
