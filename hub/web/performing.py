"""From a call to the record: the colleague's orders, decided on a customer's stream, under the colleague's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from starlette.responses import Response

from hub.app.kinds import CUSTOMER
from hub.app.ports import AlreadyDone, Envelope, Release, Take, Thread
from hub.app.transact import Done, Plan
from hub.domain.customer.decisions import Command, decide_all
from hub.domain.customer.events import CustomerOpened
from hub.domain.customer.state import CustomerState
from hub.domain.errors import NoSuchConversation, NoSuchCustomer
from hub.domain.ids import CommandId, ComplaintId, ConversationId, CustomerId, StreamId
from hub.domain.staff.rights import may
from hub.domain.vocabulary import Actor
from hub.web.answers import done
from hub.web.desk_ports import Desk
from hub.web.guard import Call
from hub.web.problems import Stop

Item = ConversationId | ComplaintId
Planned = Callable[[CustomerState], Plan]


async def in_conversation(call: Call, conversation: UUID, *orders: Command) -> Response:
    """Give these orders about a conversation to its customer's stream, all or none."""
    thread = await whose(call.desk, conversation)
    settled = await order(call, thread.customer, orders, items=(thread.conversation,))
    return answered(settled)


async def order(
    call: Call,
    customer: CustomerId,
    orders: Sequence[Command],
    *,
    items: tuple[Item, ...] = (),
    claims: tuple[Take | Release, ...] = (),
) -> Done[CustomerState]:
    """The orders as one append; nothing happens where all of it is already so."""
    insist_on_rights(call, orders)

    def plan(state: CustomerState) -> Plan:
        events = tuple(decide_all(orders, state, call.desk.clock()))
        return Plan(events=events, once=once(call) if events else (), claims=claims if events else ())

    return await call.desk.transactor.transact(
        CUSTOMER, StreamId(customer), plan, envelope(call), items=items, person=True
    )


def insist_on_rights(call: Call, orders: Sequence[object]) -> None:
    """Raises 403 unless the colleague's role may give every one of these orders."""
    if not all(may(call.person.role, type(one)) for one in orders):
        raise Stop(403)


def envelope(call: Call) -> Envelope:
    """Under whose name, and by which command: the same one when the call is repeated with its key."""
    return Envelope(
        actor=Actor(kind="agent", id=str(call.person.id)), command=CommandId(made(call, "command"))
    )


def made(call: Call, what: str) -> UUID:
    """A new id for what this call makes: the same one when the call is repeated with its key."""
    if not call.key:
        return uuid4()
    return call.desk.secrets.derived("call", what, str(call.person.id), call.key)


def once(call: Call) -> tuple[bytes, ...]:
    """The once-key of a call that may be repeated."""
    return (call.desk.secrets.keyed("call", str(call.person.id), call.key),) if call.key else ()


def answered(settled: Done[Any], **ids: object) -> Response:
    """The `Done` of the API."""
    repeated = isinstance(settled.answer, AlreadyDone)
    return done(settled.position, already=repeated or settled.answer is None, **ids)


async def whose(desk: Desk, conversation: UUID) -> Thread:
    """Whose conversation it is; one that has only just begun is waited for. Raises `NoSuchConversation`."""
    known = ConversationId(conversation)
    found = await desk.threads.by_conversation(known)
    if found is None:
        await desk.views.reached(await desk.log.head())
        found = await desk.threads.by_conversation(known)
    if found is None:
        raise NoSuchConversation
    return found


async def known_customer(desk: Desk, id: UUID) -> CustomerId:
    """Raises `NoSuchCustomer` for an id that is nobody's, or the stream of something else."""
    first = await desk.log.read_stream(StreamId(id), limit=1)
    if not first or not isinstance(first[0].event, CustomerOpened):
        raise NoSuchCustomer
    return CustomerId(id)
