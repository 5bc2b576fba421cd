"""What holds for any facts and any orders: folds are total, repeating is harmless, an erased customer stays erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as every
from hypothesis import strategies as st

from hub.domain.complaint.commands import Respond
from hub.domain.conversation.commands import AddNote, RecordBounce, SeeAgain
from hub.domain.customer.commands import EraseCustomer, ViewRecord
from hub.domain.customer.decisions import decide
from hub.domain.customer.events import CustomerErased
from hub.domain.customer.state import CustomerState, evolve_item, fold, with_item
from hub.domain.errors import CustomerErased as AlreadyErased
from hub.domain.errors import Refusal
from hub.domain.vocabulary import Opaque
from tests.domain.strategies import COMMANDS, EVENTS, LIKELY, NOWS
from tests.given import Given, given

EACH_TIME_ANEW = (AddNote, SeeAgain, RecordBounce, ViewRecord, Respond)
"""Said again, these say something again; the caller's once-key keeps one telling single."""

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


@quick
@every(st.lists(EVENTS, max_size=12))
def test_any_facts_fold_and_the_state_survives_being_stored(facts: list[Any]) -> None:
    state = fold(facts)
    assert state.version == len(facts)
    assert msgspec.json.decode(msgspec.json.encode(state), type=CustomerState) == state


@quick
@every(st.lists(EVENTS, max_size=12))
def test_only_open_things_are_in_the_state(facts: list[Any]) -> None:
    state = fold(facts)
    assert all(item.is_open for item in (*state.conversations.values(), *state.complaints.values()))


@quick
@every(st.lists(EVENTS, max_size=12), EVENTS)
def test_a_closed_item_in_hand_does_not_change_how_it_comes_back(facts: list[Any], last: Any) -> None:
    """What is folded with a closed item put back, and what is folded without it, agree on everything that is open."""
    past = given(*facts)
    with_all = past.state
    for item in past.closed.values():
        with_all = with_item(with_all, item)
    alone, together = past.also(last).state, Given(with_all, {}).also(last).state
    assert alone.conversations.items() <= together.conversations.items()
    assert alone.complaints.items() <= together.complaints.items()
    assert alone.deliveries == together.deliveries


@quick
@every(st.lists(LIKELY, max_size=8), COMMANDS, NOWS)
def test_said_again_at_once_it_is_already_so(past: list[Any], command: Any, now: datetime) -> None:
    assume(not isinstance(command, EACH_TIME_ANEW))
    history = told(past, now)
    try:
        events = decide(command, history.in_hand(command), now)
    except Refusal:
        return
    after = history.also(*events)
    try:
        assert decide(command, after.in_hand(command), now) == []
    except Refusal as refusal:
        assert refusal.code in (
            "not-waiting",
            "not-linked",
            "illegal-move",
            "no-such-complaint",
            "answered-meanwhile",
        )


@quick
@every(st.lists(EVENTS, max_size=6), COMMANDS, NOWS)
def test_an_erased_customer_refuses_every_order(facts: list[Any], command: Any, now: datetime) -> None:
    erased = given(*facts, CustomerErased(reason="asked for it"))
    if isinstance(command, EraseCustomer):
        assert decide(command, erased.state, now) == []
        return
    with pytest.raises(AlreadyErased):
        decide(command, erased.in_hand(command), now)


@quick
@every(st.lists(LIKELY, max_size=10), NOWS)
def test_a_complaint_is_never_acknowledged_twice(past: list[Any], now: datetime) -> None:
    facts = list(all_events(past, now))
    acknowledged = [fact.complaint for fact in facts if type(fact).__name__ == "ComplaintAcknowledged"]
    assert len(acknowledged) == len(set(acknowledged))


def test_a_fact_of_a_later_version_is_counted_and_passed_by() -> None:
    unknown = Opaque(name="customer.applauded.v1", open_part=b"{}", why="unknown")
    assert fold([unknown]).version == 1


def test_a_fact_about_another_item_passes_a_closed_one_by() -> None:
    from tests.examples import COMPLAINT, registered, talk_opened

    conversation = given(talk_opened()).state.conversations[talk_opened().conversation]
    assert evolve_item(conversation, registered()) is conversation
    complaint = given(registered()).state.complaints[COMPLAINT]
    assert evolve_item(complaint, talk_opened()) is complaint


def told(commands: list[Any], now: datetime) -> Given:
    """What stands after these orders; refused ones leave no trace."""
    return given(*all_events(commands, now))


def all_events(commands: list[Any], now: datetime) -> list[Any]:
    history, facts = given(), []
    for command in commands:
        try:
            events = decide(command, history.in_hand(command), now)
        except Refusal:
            continue
        history, facts = history.also(*events), [*facts, *events]
    return facts
