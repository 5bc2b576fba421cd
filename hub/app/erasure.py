"""Saying that a person is erased: every linked stream and the release of every claim, in one append (record rule 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.app.kinds import CUSTOMER
from hub.app.ports import Clock, Envelope, Release, Write
from hub.app.transact import Plan, Transactor
from hub.domain.customer.commands import EraseCustomer
from hub.domain.customer.decisions import decide
from hub.domain.customer.state import CustomerState
from hub.domain.ids import CustomerId, Position, StreamId


class Moved(Exception):
    """Something was recorded between looking and deciding: look again."""


async def person(transactor: Transactor, customer: CustomerId) -> tuple[StreamId, ...]:
    """The customer's stream first, then every stream linked to it, however far."""
    found, waiting = list[StreamId](), [StreamId(customer)]
    while waiting:
        stream = waiting.pop(0)
        if stream not in found:
            found.append(stream)
            links = (await transactor.state(CUSTOMER, stream)).links
            waiting += [StreamId(other) for other in links]
    return tuple(found)


async def standing(transactor: Transactor, streams: Sequence[StreamId]) -> dict[StreamId, CustomerState]:
    """Those streams that exist and are not erased yet, with their states."""
    states = {stream: await transactor.state(CUSTOMER, stream) for stream in streams}
    return {stream: state for stream, state in states.items() if state.opened and not state.erased}


async def record_erasure(
    transactor: Transactor,
    command: EraseCustomer,
    states: Mapping[StreamId, CustomerState],
    claims: Sequence[Release],
    envelope: Envelope,
    clock: Clock,
) -> Position:
    """Record `customer.erased` in each stream of `states` (from `standing`, not empty) and release `claims`, all or nothing.

    Raises `Moved` or `OutOfDate` when one of the streams went on since: look again.
    """
    first, *others = states

    def plan(state: CustomerState) -> Plan:
        if state.version != states[first].version:
            raise Moved
        now = clock()
        also = [
            Write(stream=one, expected=states[one].version, events=tuple(decide(command, states[one], now)))
            for one in others
        ]
        return Plan(events=tuple(decide(command, state, now)), claims=tuple(claims), also=tuple(also))

    return (await transactor.transact(CUSTOMER, first, plan, envelope)).position


async def erased_by(transactor: Transactor, stream: StreamId, envelope: Envelope) -> Position:
    """The last position of a stream that is erased already: whoever has reached it has obeyed."""

    def nothing(state: CustomerState) -> list[object]:
        return []

    return (await transactor.transact(CUSTOMER, stream, nothing, envelope)).position
