"""Complaints: the list, marking one, and the moves of the table phase × command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.domain.complaint import commands as c
from hub.domain.errors import NoSuchComplaint, NothingToSay
from hub.domain.ids import ComplaintId, ConversationId, CustomerId, MessageId
from hub.web.answers import AtLeast, Limit, Place, reached, told
from hub.web.asked import MarkComplaint, Move
from hub.web.complaint_shapes import shown_complaints
from hub.web.guard import Call, SignedIn, Writer
from hub.web.marking import number_of, registering
from hub.web.once import CommandRoute
from hub.web.performing import answered, order, whose
from hub.web.problems import Stop
from hub.web.told import Complaints, Done
from projections import complaints

router = APIRouter(prefix="/api/v1", tags=["complaints"], route_class=CommandRoute)

MoveName = Literal["register", "investigate", "respond", "tell", "close", "unmark", "reopen", "apologise"]
Phase = Literal["detected", "registered", "investigating", "responded", "closed"]


def _respond(complaint: ComplaintId, body: Move) -> c.ComplaintCommand:
    if body.outcome is None:
        raise NothingToSay
    return c.Respond(complaint=complaint, outcome=body.outcome, reasons=body.reasons)


MOVES: Final[Mapping[str, Callable[[ComplaintId, Move], c.ComplaintCommand]]] = {
    "investigate": lambda complaint, body: c.Investigate(complaint=complaint),
    "respond": _respond,
    "tell": lambda complaint, body: c.Tell(complaint=complaint, how=body.how or "in person"),
    "close": lambda complaint, body: c.Close(complaint=complaint, reason=body.reason or "resolved"),
    "unmark": lambda complaint, body: c.UnmarkComplaint(complaint=complaint),
    "reopen": lambda complaint, body: c.ReopenComplaint(complaint=complaint, why=body.why),
    "apologise": lambda complaint, body: c.Apologise(complaint=complaint),
}


@router.get("/complaints", response_model=Complaints)
async def listed(
    call: SignedIn,
    phase: Annotated[Phase | None, Query()] = None,
    cursor: Place = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Response:
    """Newest first; `cursor` is `next` of the page before."""
    await reached(call.desk, at_least)
    phases = [phase] if phase else []

    def question(db: Any) -> dict[str, Any]:
        rows, following = complaints.in_phase(db, *phases, cursor=cursor, limit=limit)
        return {"rows": shown_complaints(db, rows, call.person.role), "next": following}

    return told(await call.desk.ask(question))


@router.post("/conversations/{id}/complaint", response_model=Done)
async def mark(call: Writer, id: UUID, body: MarkComplaint) -> Response:
    """This is a complaint: it gets a number, and the bot acknowledges it."""
    thread = await whose(call.desk, id)
    command = await registering(call, thread, MessageId(body.message) if body.message else None)
    settled = await order(call, thread.customer, [command], items=(thread.conversation, command.complaint))
    number = await number_of(call.desk, settled, command)
    return answered(settled, id=command.complaint, number=number)


@router.post("/complaints/{id}/{move}", response_model=Done)
async def move(call: Writer, id: UUID, move: MoveName, body: Move) -> Response:
    """One step of the complaint; an illegal one is refused in words."""
    row = await _known(call, id)
    if move == "register":
        return await mark(call, UUID(row["conversation"]), MarkComplaint())
    complaint = ComplaintId(id)
    items = (ConversationId(UUID(row["conversation"])), complaint)
    settled = await order(
        call, CustomerId(UUID(row["customer"])), [MOVES[move](complaint, body)], items=items
    )
    return answered(settled, id=complaint)


async def _known(call: Call, id: UUID) -> dict[str, Any]:
    row = await call.desk.ask(lambda db: complaints.complaint(db, str(id)))
    if row is None:
        await call.desk.views.reached(await call.desk.log.head())
        row = await call.desk.ask(lambda db: complaints.complaint(db, str(id)))
    if row is None:
        raise NoSuchComplaint
    if row["conversation"] is None:
        raise Stop(404)
    return row
