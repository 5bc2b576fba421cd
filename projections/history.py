"""Time travel: the facts of one person as of a position or a moment, and what the pages would have said of them then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool

from hub.app.ports import EventLog, Recorded
from hub.domain.customer.events import CustomersLinked, CustomersUnlinked
from hub.domain.ids import CustomerId, StreamId
from projections import complaints, customers, inbox, timeline, views
from projections.book import take_in_safely
from projections.dialect import SQLiteCursor
from projections.pages import PAGES

CONVERSATIONS: Final = 1_000
"""So many of a customer are listed, the newest; all are counted."""

AsOf: TypeAlias = int | datetime | None
"""A position, a moment of recording (aware), or None for now."""


async def events_of(log: EventLog, customer: CustomerId, as_of: AsOf = None) -> list[Recorded]:
    """Every fact of the customer, and of everyone who was linked with them as of then, in the order of the record."""
    found: dict[StreamId, list[Recorded]] = {}
    waiting = [StreamId(customer)]
    while waiting:
        stream = waiting.pop()
        if stream not in found:
            facts = await log.read_stream(stream)
            found[stream] = [one for one in facts if is_by(one, as_of)]
            waiting += linked(found[stream])
    return sorted((one for facts in found.values() for one in facts), key=lambda one: one.position)


def is_by(one: Recorded, as_of: AsOf) -> bool:
    if isinstance(as_of, datetime):
        return one.recorded_at <= as_of
    return as_of is None or one.position <= as_of


def linked(facts: Sequence[Recorded]) -> list[StreamId]:
    """Who is linked at the end of these facts."""
    links: dict[StreamId, None] = {}
    for one in facts:
        match one.event:
            case CustomersLinked(other=other):
                links[StreamId(other)] = None
            case CustomersUnlinked(other=other):
                links.pop(StreamId(other), None)
            case _:
                pass
    return list(links)


def customer_as_of(customer: CustomerId, events: Sequence[Recorded]) -> dict[str, Any]:
    """What the desk would have shown after `events` (from `events_of`), in the shapes of the live pages.

    {"customer": identities and links, "conversations": the newest, "conversations_in_all": how many, "complaints": rows,
    "not_taken_in": what these pages lack}; "customer" is None before the first fact.
    """
    circle = sorted({str(one.stream) for one in events})
    with pages_of(events) as connection:
        return {
            "customer": customers.customer(connection, str(customer)),
            "conversations": inbox.of_customer(connection, *circle, limit=CONVERSATIONS),
            "conversations_in_all": sum(inbox.counts_of(connection, circle).values()),
            "complaints": [row for one in circle for row in complaints.of_customer(connection, one)],
            "not_taken_in": not_taken_in(connection),
        }


def thread_as_of(conversation: str, events: Sequence[Recorded]) -> dict[str, Any]:
    """The thread as it stood after `events`."""
    with pages_of(events) as connection:
        thread = timeline.thread(connection, conversation, limit=1_000)
        return {**thread, "not_taken_in": not_taken_in(connection)}


def not_taken_in(connection: Connection) -> list[dict[str, Any]]:
    """Events that a page tripped over: what is told beside this lacks them, and whoever reads it must know. Oldest first."""
    parked = views.poison.c
    query = select(parked.position, parked.name, parked.projection.label("page"), parked.why)
    return [dict(row) for row in connection.execute(query.order_by(parked.position, "page")).mappings()]


@contextmanager
def pages_of(events: Sequence[Recorded]) -> Iterator[Connection]:
    """The very projections of the live views over these facts alone, in memory: the past can't be told by other code.

    As there, an event that a page can't take in is parked, and the others stand.
    """
    file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        cursor = SQLiteCursor(file.cursor())
        views.prepare(cursor, PAGES, "")
        for page in PAGES:
            take_in_safely(cursor, page, events)
        engine = create_engine("sqlite://", creator=lambda: file, poolclass=StaticPool)
        with engine.connect() as connection:
            yield connection
    finally:
        file.close()
