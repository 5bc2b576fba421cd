"""Letters that colleagues write: replies, forwards, new conversations; undo and "send anyway"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.app.transact import ClaimTaken
from hub.app.transact import Done as Recorded
from hub.domain.conversation import commands as c
from hub.domain.customer.decisions import Command
from hub.domain.customer.state import CustomerState
from hub.domain.errors import NobodyToWriteTo, NoSuchMessage
from hub.domain.ids import ComplaintId, ConversationId, CustomerId, MessageId
from hub.web.asked import NewConversation, Nothing, Reply, addresses
from hub.web.attaching import Attached, attached, owned
from hub.web.composing import Composing, composed, inbox_of
from hub.web.guard import Call, Writer
from hub.web.homes import home_of
from hub.web.once import CommandRoute
from hub.web.performing import answered, in_conversation, made, order, whose
from hub.web.told import Done
from projections import complaints, timeline

router = APIRouter(prefix="/api/v1/conversations", tags=["letters"], route_class=CommandRoute)


@router.post("", response_model=Done)
async def begin(call: Writer, body: NewConversation) -> Response:
    """Write first. The letter goes to the customer named, or to whoever is at home at its first address."""
    to, cc = addresses(body.to), addresses(body.cc)
    if not to:
        raise NobodyToWriteTo
    inbox = inbox_of(call.desk, body.account)
    what = Composing(
        kind="new", conversation=ConversationId(made(call, "conversation")), message=MessageId(made(call, "message")),
        inbox=inbox, to=to, cc=cc, subject=body.subject, text=body.text,
    )  # fmt: skip
    files = await attached(call, body.files)
    named = CustomerId(body.customer) if body.customer else None
    settled = await _twice(partial(_begun, call, what, files, named))
    return answered(settled, id=what.conversation)


@router.post("/{id}/replies", response_model=Done)
async def write(call: Writer, id: UUID, body: Reply) -> Response:
    """Answer or forward. It leaves after the inbox's undo time; refused when somebody wrote after `seen`."""
    thread = await whose(call.desk, id)
    answers = await _answered_letter(call, id, body.answers)
    to, cc = addresses(body.to), addresses(body.cc)
    inbox = inbox_of(call.desk, UUID(answers["account"]))
    what = Composing(
        kind="forward" if body.mode == "forward" else "reply", conversation=thread.conversation,
        message=MessageId(made(call, "message")), inbox=inbox, to=to, cc=cc, subject=body.subject, text=body.text,
    )  # fmt: skip
    files = await attached(call, body.files, id)

    settled = await _twice(partial(_written, call, thread.customer, what, files, (body, answers)))
    await call.desk.drafts.discard(call.person.id, thread.conversation)
    return answered(settled, id=what.message)


@router.delete("/{id}/replies/{message}", response_model=Done)
async def withdraw(call: Writer, id: UUID, message: UUID) -> Response:
    """Undo: the letter stays here if it has not left yet, and what it did is undone with it."""
    thread = await whose(call.desk, id)
    raised = await call.desk.ask(lambda db: complaints.ids_of(db, str(id)))
    told = (ComplaintId(UUID(complaint)) for complaint in raised)
    undo = c.WithdrawReply(message=MessageId(message), conversation=thread.conversation)
    return answered(await order(call, thread.customer, [undo], items=(thread.conversation, *told)))


@router.post("/{id}/replies/{message}/retry", response_model=Done)
async def retry(call: Writer, id: UUID, message: UUID, body: Nothing) -> Response:
    """Send anyway, after a failure or an uncertain end."""
    await _answered_letter(call, id, message)
    return await in_conversation(call, id, c.RetryDelivery(message=MessageId(message)))


async def _twice(attempt: Callable[[], Awaitable[Recorded[CustomerState]]]) -> Recorded[CustomerState]:
    """Once more when the address has become somebody's home meanwhile, or an upload was sent to somebody else."""
    try:
        return await attempt()
    except ClaimTaken:
        return await attempt()


async def _written(
    call: Call, customer: CustomerId, what: Composing, files: Attached, asked: tuple[Reply, dict[str, Any]]
) -> Recorded[CustomerState]:
    own = await owned(call, files, customer)
    orders = _orders(call, replace(what, files=own.files), *asked)
    return await order(call, customer, orders, items=(what.conversation,), claims=own.claims)


async def _begun(
    call: Call, what: Composing, files: Attached, named: CustomerId | None
) -> Recorded[CustomerState]:
    home = await home_of(call, what.to[0], named)
    own = await owned(call, files, home.customer)
    write = c.WriteReply(
        letter=composed(call, replace(what, files=own.files), None),
        author=call.person.id,
        undo_seconds=what.inbox.undo_seconds,
    )
    return await order(call, home.customer, [*home.opening, write], claims=(*home.claims, *own.claims))


def _orders(call: Call, what: Composing, body: Reply, answers: dict[str, Any]) -> list[Command]:
    write = c.WriteReply(
        letter=composed(call, what, answers),
        author=call.person.id,
        seen=MessageId(body.seen) if body.seen else None,
        undo_seconds=what.inbox.undo_seconds,
        tells_outcome=body.tells_outcome,
    )
    return [write, c.Resolve(conversation=what.conversation)] if body.resolve else [write]


async def _answered_letter(call: Call, conversation: UUID, message: UUID | None) -> dict[str, Any]:
    """The letter of this conversation that is answered; its last one when none is named. Raises `NoSuchMessage`."""
    wanted = message or (await whose(call.desk, conversation)).message
    row = await call.desk.ask(lambda db: timeline.message(db, str(wanted)))
    if row is None:
        await call.desk.views.reached(await call.desk.log.head())
        row = await call.desk.ask(lambda db: timeline.message(db, str(wanted)))
    if row is None or row["conversation"] != str(conversation):
        raise NoSuchMessage
    return row
