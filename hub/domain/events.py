"""Every fact Amends can record; importing this module fills the registry."""

from __future__ import annotations

from hub.domain.account.events import AccountEvent
from hub.domain.complaint.events import ComplaintEvent
from hub.domain.conversation.events import ConversationEvent
from hub.domain.customer.events import CustomerEvent
from hub.domain.reaction.events import ReactionEvent
from hub.domain.staff.events import StaffEvent

StreamEvent = CustomerEvent | ConversationEvent | ComplaintEvent
"""What may stand in a customer's stream."""

Event = StreamEvent | AccountEvent | ReactionEvent | StaffEvent

__all__ = [
    "AccountEvent",
    "ComplaintEvent",
    "ConversationEvent",
    "CustomerEvent",
    "Event",
    "StaffEvent",
    "StreamEvent",
]
