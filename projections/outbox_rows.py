"""What each fact changes in the outbox. No words of a letter (those stand in the timeline), no leases (record rule 26)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Boolean, Column, Executable, Index, Integer, MetaData, String, Table, update

from hub.app.ports import Recorded
from hub.domain.conversation import events as c
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, instant, text_of

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("message", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("conversation", String, nullable=False),
    Column("account", String, nullable=False),
    Column("automatic", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", String),
    Column("started_at", String),
    Column("erased", Boolean, nullable=False, server_default="0"),
    Index("outbox_due", "state", "due_at"),
)

ATTEMPTS = 4
REPEAT_AFTER = timedelta(seconds=30)
"""A person's letter with an unknown end is repeated after 2, 8 and 32 minutes, then waits for a person (record rule 27)."""

project = Subscriptions()


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "customer": text_of(recorded.stream),
        "conversation": text_of(event.conversation),
        "account": text_of(event.account),
        "automatic": event.automatic,
        "state": "pending",
        "due_at": instant(event.send_after),
    }
    page.upsert(outbox, text_of(event.message), values)


@project.on(c.ReplyWithdrawn)
def _(event: c.ReplyWithdrawn, recorded: Recorded, page: Page) -> None:
    page.update(outbox, text_of(event.message), {"state": "withdrawn", "due_at": None})


@project.on(c.DeliveryStarted)
def _(event: c.DeliveryStarted, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    started: dict[str, Value] = {
        "state": "started",
        "attempt": event.attempt,
        "started_at": at,
        "due_at": None,
    }
    page.update(outbox, text_of(event.message), started)


@project.on(c.DeliveryDeferred)
def _(event: c.DeliveryDeferred, recorded: Recorded, page: Page) -> None:
    page.update(outbox, text_of(event.message), {"state": "deferred", "due_at": instant(event.next_at)})


@project.on(c.DeliveryHandedOver)
def _(event: c.DeliveryHandedOver, recorded: Recorded, page: Page) -> None:
    page.update(outbox, text_of(event.message), {"state": "handed_over", "due_at": None})


@project.on(c.DeliveryFailed)
def _(event: c.DeliveryFailed, recorded: Recorded, page: Page) -> None:
    page.update(outbox, text_of(event.message), {"state": "failed", "due_at": None})


@project.on(c.DeliveryUncertain)
def _(event: c.DeliveryUncertain, recorded: Recorded, page: Page) -> None:
    again = (
        instant(recorded.recorded_at + REPEAT_AFTER * 4**event.attempt) if event.attempt < ATTEMPTS else None
    )
    page.update(outbox, text_of(event.message), {"state": "uncertain", "due_at": again})


@project.on(c.DeliveryBounced)
def _(event: c.DeliveryBounced, recorded: Recorded, page: Page) -> None:
    if event.permanent:
        page.update(outbox, text_of(event.message), {"state": "bounced", "due_at": None})


@project.on(c.DeliveryRetried)
def _(event: c.DeliveryRetried, recorded: Recorded, page: Page) -> None:
    page.update(outbox, text_of(event.message), {"state": "pending", "due_at": instant(recorded.recorded_at)})


def forget(customer: str) -> Iterator[Executable]:
    """Nothing more leaves for an erased customer; that letters were sent stays in the figures."""
    yield update(outbox).where(outbox.c.customer == customer).values(erased=True)


projection = Projection(name="outbox", version=1, tables=(outbox,), project=project, forget=forget)
