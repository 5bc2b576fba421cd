"""given(facts).when(order).then(facts): a customer's stream in three words. `given` opens the customer by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest

from hub.domain.customer.decisions import Command, decide
from hub.domain.customer.state import (
    INITIAL,
    CustomerState,
    Item,
    StreamFact,
    closed_items,
    evolve,
    evolve_item,
    with_item,
)
from hub.domain.errors import Refusal
from tests.examples import NOW, opened


@dataclass(frozen=True)
class When:
    state: CustomerState
    command: Command
    now: datetime

    def then(self, *events: object) -> None:
        """Exactly these facts, in this order; none: it was already so."""
        assert decide(self.command, self.state, self.now) == list(events)

    def then_refused(self, refusal: type[Refusal]) -> None:
        with pytest.raises(refusal):
            decide(self.command, self.state, self.now)


@dataclass(frozen=True)
class Given:
    """`state`: what the facts fold to. `closed`: what has left it, by id, as it stands."""

    state: CustomerState
    closed: dict[UUID, Item]

    def when(self, command: Command, now: datetime = NOW) -> When:
        """What the order names is put back first, as the house does before it decides."""
        return When(self.in_hand(command), command, now)

    def in_hand(self, command: Command) -> CustomerState:
        state = self.state
        for named in named_by(command):
            if named in self.closed and named not in {*state.conversations, *state.complaints}:
                state = with_item(state, self.closed[named])
        return state

    def also(self, *facts: StreamFact) -> Given:
        state, closed = self.state, dict(self.closed)
        for fact in facts:
            closed = {key: evolve_item(item, fact) for key, item in closed.items()}
            closed |= {item.id: item for item in closed_items(state, fact)}
            state = evolve(state, fact)
        return Given(state, closed)


def given(*facts: StreamFact) -> Given:
    return given_nothing().also(opened(), *facts)


def given_nothing() -> Given:
    return Given(INITIAL, {})


def named_by(command: Command) -> Iterator[UUID]:
    for part in (command, getattr(command, "letter", None), getattr(command, "message", None)):
        for field in ("conversation", "complaint"):
            if isinstance(named := getattr(part, field, None), UUID):
                yield named
