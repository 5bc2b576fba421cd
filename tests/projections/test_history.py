"""Time travel: as of any position the pages say what they said when they stood there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.app.ports import Recorded
from hub.domain.conversation.events import ConversationOpened
from hub.domain.conversation.label_events import ConversationTagged
from hub.domain.customer.events import CustomerNamed, CustomerOpened, CustomersLinked, CustomersUnlinked
from projections import complaints, customers, inbox, timeline
from projections.history import customer_as_of, events_of, thread_as_of
from projections.page import Page
from projections.pages import PAGES
from tests.projections.histories import Tale, history
from tests.projections.places import Place


class Past:
    """The reading half of a log, over facts that were told."""

    def __init__(self, facts: Sequence[Recorded]) -> None:
        self.facts = facts

    async def read_stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[Recorded]:
        return [one for one in self.facts if one.stream == stream and one.version > after]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_past_is_what_the_pages_said_then(seed: int, place: Place) -> None:
    facts = history(seed, 260)
    book, readers = place.book(PAGES), place.readers()
    customer = next(one.stream for one in facts if one.name == "conversation.opened.v1")
    for end in (60, 130, 200, 260):
        book.apply(facts[:end])
        events = await events_of(Past(facts), customer, end)
        circle = sorted({str(one.stream) for one in events})
        then = customer_as_of(customer, events)
        with readers.connect() as connection:
            now = {
                "customer": customers.customer(connection, str(customer)),
                "conversations": inbox.of_customer(connection, *circle),
                "conversations_in_all": sum(inbox.counts_of(connection, circle).values()),
                "complaints": [row for one in circle for row in complaints.of_customer(connection, one)],
            }
            assert without_names(then) == without_names({**now, "not_taken_in": []})
            for row in now["conversations"]:
                live = timeline.thread(connection, row["conversation"], limit=1000)
                past = thread_as_of(row["conversation"], events)
                assert without_names(past) == without_names({**live, "not_taken_in": []})
    readers.dispose()
    book.close()


def without_names(told: object) -> object:
    """Names of colleagues, inboxes and linked customers are today's; the facts of the customer's stream do not hold them."""
    if isinstance(told, dict):
        dropped = ("inbox_name", "name", "assignee_name", "links", "suggestions")
        return {key: without_names(value) for key, value in told.items() if key not in dropped}
    return [without_names(one) for one in told] if isinstance(told, list) else told


async def test_linked_streams_are_read_as_they_were_linked_then() -> None:
    tale = Tale(1)
    one, two = uuid4(), uuid4()
    for stream, other in ((one, two), (two, one)):
        tale.fact(stream, CustomersLinked(other=other, survivor=one, why="told"))
    for stream, other in ((one, two), (two, one)):
        tale.fact(stream, CustomersUnlinked(other=other, why="error"))
    past = Past(tale.facts)
    assert [fact.position for fact in await events_of(past, one, 1)] == [1]
    assert [fact.position for fact in await events_of(past, one, 2)] == [1, 2]
    assert [fact.position for fact in await events_of(past, one)] == [1, 3]
    moment = tale.facts[1].recorded_at
    assert len(await events_of(past, one, moment)) == 2
    assert await events_of(past, one, moment - timedelta(days=1)) == []


def test_before_the_first_fact_there_was_nobody() -> None:
    nothing = {
        "customer": None,
        "conversations": [],
        "conversations_in_all": 0,
        "complaints": [],
        "not_taken_in": [],
    }
    assert customer_as_of(uuid4(), []) == nothing


def test_an_event_that_a_page_trips_over_is_named_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(inbox.projection.project.handlers, ConversationTagged, trips)
    tale, customer, conversation = Tale(1), uuid4(), uuid4()
    tale.fact(customer, CustomerOpened(channel="email", name="Ann"))
    opened = ConversationOpened(
        conversation=conversation, account=tale.accounts[0], channel="email", subject="Lamp"
    )
    tale.fact(customer, opened)
    tale.fact(customer, ConversationTagged(conversation=conversation, tag="broken"))
    tale.fact(customer, CustomerNamed(name="Bea"))
    then = customer_as_of(customer, tale.facts)
    (lacking,) = then["not_taken_in"]
    assert (lacking["position"], lacking["name"], lacking["page"]) == (3, "conversation.tagged.v1", "inbox")
    assert "ValueError" in lacking["why"] and "secret" not in lacking["why"]
    (row,) = then["conversations"]
    assert (row["subject"], row["tags"], then["customer"]["name"]) == ("Lamp", [], "Bea")
    assert thread_as_of(str(conversation), tale.facts)["not_taken_in"] == [lacking]


def trips(event: Any, recorded: Recorded, page: Page) -> None:
    page.upsert(inbox.inbox, event.conversation, {"subject": "half"})
    raise ValueError("secret words")
