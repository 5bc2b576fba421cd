"""What the clock worker asks of the inbox: conversations that were put off until a moment that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from hub.domain.ids import ConversationId, CustomerId
from projections.inbox_tables import inbox
from projections.projection import instant
from projections.projection import moment as parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """One conversation that should be back by now."""

    customer: CustomerId
    conversation: ConversationId
    until: datetime


def put_off(connection: Connection, moment: datetime, limit: int = 500) -> list[PutOff]:
    """Those due at `moment`, longest overdue first."""
    due = (inbox.c.life == "snoozed", inbox.c.snoozed_until <= instant(moment), inbox.c.erased.is_(False))
    columns = inbox.c.customer, inbox.c.conversation, inbox.c.snoozed_until
    rows = connection.execute(select(*columns).where(*due).order_by(inbox.c.snoozed_until).limit(limit))
    return [
        PutOff(
            customer=CustomerId(UUID(customer)),
            conversation=ConversationId(UUID(conversation)),
            until=parsed(until),
        )
        for customer, conversation, until in rows
    ]
