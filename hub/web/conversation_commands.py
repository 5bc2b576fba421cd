"""What a colleague does with a conversation: assign, snooze, resolve, reopen, wake, spam, tags, notes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from hub.domain.conversation import commands as c
from hub.domain.errors import NoSuchAgent
from hub.domain.ids import AgentId, ConversationId, NoteId
from hub.web.asked import Assign, Note, Nothing, Snooze
from hub.web.guard import Writer
from hub.web.once import CommandRoute
from hub.web.performing import answered, in_conversation, made, order, whose
from hub.web.told import Done

router = APIRouter(prefix="/api/v1/conversations/{id}", tags=["conversations"], route_class=CommandRoute)

TagName = Annotated[str, Path(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f/]+$")]


@router.post("/notes", response_model=Done)
async def add_note(call: Writer, id: UUID, body: Note) -> Response:
    """A note that only colleagues see."""
    note = NoteId(made(call, "note"))
    thread = await whose(call.desk, id)
    command = c.AddNote(note=note, conversation=thread.conversation, text=body.text)
    settled = await order(call, thread.customer, [command], items=(thread.conversation,))
    return answered(settled, id=note)


@router.post("/assign", response_model=Done)
async def assign(call: Writer, id: UUID, body: Assign) -> Response:
    """Give it to a colleague, or to nobody."""
    if body.assignee is None:
        return await in_conversation(call, id, c.Unassign(conversation=ConversationId(id)))
    assignee = AgentId(body.assignee)
    person = await call.desk.colleagues.find(call.desk.log, assignee)
    if person is None or not person.active or person.role == "auditor":
        raise NoSuchAgent
    return await in_conversation(call, id, c.Assign(conversation=ConversationId(id), assignee=assignee))


@router.post("/snooze", response_model=Done)
async def snooze(call: Writer, id: UUID, body: Snooze) -> Response:
    """Out of sight until then, or until the customer writes."""
    return await in_conversation(call, id, c.Snooze(conversation=ConversationId(id), until=body.until))


@router.post("/wake", response_model=Done)
async def wake(call: Writer, id: UUID, body: Nothing) -> Response:
    """Back before its time."""
    return await in_conversation(call, id, c.Wake(conversation=ConversationId(id)))


@router.post("/resolve", response_model=Done)
async def resolve(call: Writer, id: UUID, body: Nothing) -> Response:
    return await in_conversation(call, id, c.Resolve(conversation=ConversationId(id)))


@router.post("/reopen", response_model=Done)
async def reopen(call: Writer, id: UUID, body: Nothing) -> Response:
    return await in_conversation(call, id, c.Reopen(conversation=ConversationId(id)))


@router.post("/spam", response_model=Done)
async def mark_spam(call: Writer, id: UUID, body: Nothing) -> Response:
    return await in_conversation(call, id, c.MarkSpam(conversation=ConversationId(id)))


@router.delete("/spam", response_model=Done)
async def unmark_spam(call: Writer, id: UUID) -> Response:
    return await in_conversation(call, id, c.UnmarkSpam(conversation=ConversationId(id)))


@router.put("/tags/{tag}", response_model=Done)
async def tag(call: Writer, id: UUID, tag: TagName) -> Response:
    return await in_conversation(call, id, c.Tag(conversation=ConversationId(id), tag=tag.strip()))


@router.delete("/tags/{tag}", response_model=Done)
async def untag(call: Writer, id: UUID, tag: TagName) -> Response:
    return await in_conversation(call, id, c.Untag(conversation=ConversationId(id), tag=tag.strip()))
