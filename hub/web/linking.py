"""A fact of two streams in one append: decided on both, and decided again when either has moved meanwhile."""

from __future__ import annotations

from functools import partial
from typing import Final

from hub.app.kinds import CUSTOMER
from hub.app.ports import Write
from hub.app.transact import Done, OutOfDate, Plan
from hub.domain.customer.commands import LinkCustomers, UnlinkCustomers
from hub.domain.customer.decisions import decide
from hub.domain.customer.state import CustomerState
from hub.domain.errors import Busy
from hub.domain.ids import CustomerId, StreamId
from hub.web.guard import Call
from hub.web.performing import envelope, insist_on_rights, once

TRIES: Final = 5
Order = LinkCustomers | UnlinkCustomers


async def both_streams(
    call: Call, here: tuple[CustomerId, Order], there: tuple[CustomerId, Order]
) -> Done[CustomerState]:
    """Give each customer's stream its order, both or neither. Raises `Busy` when others keep writing."""
    insist_on_rights(call, [here[1], there[1]])
    transactor = call.desk.transactor
    for _ in range(TRIES):
        other = await transactor.state(CUSTOMER, StreamId(there[0]))
        plan = partial(_plan, call, here[1], (*there, other))
        try:
            return await transactor.transact(CUSTOMER, StreamId(here[0]), plan, envelope(call), person=True)
        except OutOfDate:
            continue
    raise Busy


def _plan(
    call: Call, order: Order, there: tuple[CustomerId, Order, CustomerState], state: CustomerState
) -> Plan:
    customer, theirs, other = there
    now = call.desk.clock()
    events = tuple(decide(order, state, now))
    also = Write(stream=StreamId(customer), expected=other.version, events=tuple(decide(theirs, other, now)))
    return Plan(events=events, also=(also,), once=once(call) if events or also.events else ())
