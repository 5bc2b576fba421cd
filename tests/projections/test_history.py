"""Time travel: as of any position the pages say what they said when they stood there."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub.app.ports import Recorded
from hub.domain.customer.events import CustomersLinked, CustomersUnlinked
from projections import complaints, customers, inbox, timeline
from projections.history import customer_as_of, events_of, thread_as_of
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
                "complaints": [row for one in circle for row in complaints.of_customer(connection, one)],
            }
            assert without_names(then) == without_names(now)
            for row in now["conversations"]:
                live = timeline.thread(connection, row["conversation"], limit=1000)
                assert without_names(thread_as_of(row["conversation"], events)) == without_names(live)
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
    assert customer_as_of(uuid4(), []) == {"customer": None, "conversations": [], "complaints": []}
