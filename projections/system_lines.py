"""Which facts stand in a thread as a system line, and what such a line says; an erasure blanks all of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from hub.domain.complaint import events as complaint
from hub.domain.conversation import events as conversation
from hub.domain.customer import events as customer
from hub.domain.vocabulary import NAMES, Erased

LINES: Final[dict[type, tuple[str, ...]]] = {
    conversation.ConversationOpened: ("channel", "account"),
    conversation.ConversationAssigned: ("assignee",),
    conversation.ConversationSnoozed: ("until",),
    conversation.ConversationWoken: ("by",),
    conversation.ConversationResolved: (),
    conversation.ConversationReopened: ("by",),
    conversation.ConversationTagged: ("tag",),
    conversation.ConversationUntagged: ("tag",),
    conversation.ConversationMarkedSpam: ("why",),
    conversation.ConversationUnmarkedSpam: (),
    conversation.ReplyWithdrawn: ("message",),
    conversation.DeliveryFailed: ("message", "attempt"),
    conversation.DeliveryUncertain: ("message", "attempt"),
    conversation.DeliveryBounced: ("message", "permanent"),
    conversation.DeliveryRetried: ("message",),
    complaint.ComplaintDetected: ("complaint", "message", "rules", "score"),
    complaint.ComplaintRegistered: ("complaint", "number", "message"),
    complaint.ComplaintAcknowledged: ("complaint", "message"),
    complaint.AcknowledgementWithheld: ("complaint", "why"),
    complaint.ComplaintApologised: ("complaint", "message"),
    complaint.ComplaintInvestigated: ("complaint",),
    complaint.ComplaintResponded: ("complaint", "outcome"),
    complaint.ComplaintTold: ("complaint", "message", "how"),
    complaint.ComplaintLetterWithdrawn: ("complaint", "message"),
    complaint.ComplaintLetterFailed: ("complaint", "message", "told"),
    complaint.ComplaintClosed: ("complaint", "reason"),
    complaint.ComplaintReopened: ("complaint", "why"),
    customer.CustomerOpened: ("channel",),
    customer.CustomerNamed: (),
    customer.IdentityClaimed: ("channel", "evidence"),
    customer.IdentityVerified: ("channel", "evidence", "why"),
    customer.LinkSuggested: ("other", "why"),
    customer.CustomersLinked: ("other", "survivor", "why"),
    customer.CustomersUnlinked: ("other", "why"),
    customer.RecordViewed: ("what", "as_of"),
    customer.CustomerErased: ("reason",),
}
"""Event → the fields that its line shows, each as text."""


def name_of(event: object) -> str:
    """By what name the desk knows the line: today's, however old the stored fact is."""
    return NAMES[type(event)]


def detail_of(event: Any) -> str | None:
    """The line's fields as a JSON object of texts; None when it needs none."""
    fields = {name: text_of(getattr(event, name)) for name in LINES[type(event)]}
    return msgspec.json.encode(fields).decode() if fields else None


def text_of(value: object) -> str:
    if value is None or isinstance(value, Erased):
        return ""
    return msgspec.to_builtins(value) if not isinstance(value, int | float) else str(value)
