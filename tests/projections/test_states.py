"""The stored states: what a fold of the whole stream gives, wherever pages end and whatever memory lets go."""

from collections.abc import Iterable
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from hub.app.kinds import CUSTOMER, ClosedItem, closed, item_id, later
from hub.app.ports import Recorded
from hub.app.statecache import decoded
from hub.domain.customer.state import INITIAL, CustomerState
from hub.domain.ids import StreamId
from projections import states
from tests.projections.histories import history
from tests.projections.places import Place, poison_of


def seal(stream: UUID, data: bytes) -> bytes:
    return stream.bytes + data


def unseal(stream: UUID, data: bytes) -> bytes | None:
    return data[16:] if data.startswith(stream.bytes) else None


def of_customers(facts: Iterable[Recorded]) -> dict[StreamId, list[Recorded]]:
    streams: dict[StreamId, list[Recorded]] = {}
    for one in facts:
        if type(one.event) in states.FOLDED:
            streams.setdefault(one.stream, []).append(one)
    return streams


def closed_at_the_end(facts: Iterable[Recorded]) -> dict[UUID, ClosedItem]:
    """By the definition: every event given to every closed item, in turn."""
    state, found = INITIAL, dict[UUID, ClosedItem]()
    for one in facts:
        found = {item: later(known, one.event) for item, known in found.items()}
        found |= {item_id(item): item for item in closed(state, one.event)}
        state = CUSTOMER.evolve(state, one.event)
        for item in {*state.conversations, *state.complaints} & found.keys():
            del found[item]
    return {} if state.erased else found


async def stored(place: Place, facts: Iterable[Recorded]) -> dict[StreamId, Any]:
    view = states.StatesView(lookup=await place.lookup(), unseal=unseal)
    found = {}
    for stream, own in of_customers(facts).items():
        kept = await view.load(stream)
        items = {item: await view.load_item(stream, item) for item in closed_at_the_end(own)}
        state = decoded(kept, CustomerState, CUSTOMER.fold)
        assert kept is None or kept.version == own[-1].version
        at_the_end = reduce(CUSTOMER.evolve, (one.event for one in own), INITIAL)
        for item in {*at_the_end.conversations, *at_the_end.complaints}:
            assert await view.load_item(stream, item) is None, "an open item has a row of when it was closed"
        found[stream] = state, {item: decoded(row, ClosedItem, CUSTOMER.fold) for item, row in items.items()}
    await view.lookup.close()
    return found


def folded(facts: Iterable[Recorded]) -> dict[StreamId, Any]:
    streams = of_customers(facts).items()
    ends = {stream: reduce(CUSTOMER.evolve, (one.event for one in own), INITIAL) for stream, own in streams}
    return {
        stream: (None if ends[stream].erased else ends[stream], closed_at_the_end(own))
        for stream, own in streams
    }


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 7), (3, 60), (4, 1000), (5, 23)])
async def test_record_rule_18_stored_states_are_the_fold_of_their_streams(
    seed: int, size: int, place: Place, monkeypatch: Any
) -> None:
    monkeypatch.setattr(states, "REMEMBERED", 1 + seed % 3)
    facts = history(seed, 1000)
    book = place.book((states.projection(seal, unseal),))
    for start in range(0, len(facts), size):
        book.apply(facts[start : start + size])
    assert poison_of(book) == []
    told = folded(facts)
    assert any(items for _, items in told.values())
    assert await stored(place, facts) == told
    book.close()


async def test_a_lost_key_stores_nothing_and_harms_nobody(place: Place) -> None:
    facts = history(1, 200)
    lost = next(iter(of_customers(facts)))
    page = states.projection(lambda stream, data: None if stream == lost else seal(stream, data), unseal)
    book = place.book((page,))
    for one in facts:
        book.apply([one])
    found = await stored(place, facts)
    told = folded(facts)
    assert found.pop(lost)[0] is None and told.pop(lost)
    assert {stream: state for stream, (state, _) in found.items()} == {
        s: state for s, (state, _) in told.items()
    }
    book.close()
