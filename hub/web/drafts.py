"""What a colleague is writing, kept on the server and sealed, until it is sent or thrown away."""

from __future__ import annotations

from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from hub.app.ports import Draft as Kept
from hub.domain.ids import ConversationId
from hub.web.answers import nothing, told
from hub.web.asked import Draft
from hub.web.guard import Writer
from hub.web.once import CommandRoute
from hub.web.performing import whose

router = APIRouter(prefix="/api/v1/conversations/{id}/draft", tags=["drafts"], route_class=CommandRoute)


@router.get("", response_model=Draft)
async def load(call: Writer, id: UUID) -> Response:
    """204 when there is none."""
    draft = await call.desk.drafts.load(call.person.id, ConversationId(id))
    return told(orjson.Fragment(draft.body)) if draft else nothing()


@router.put("", status_code=204)
async def save(call: Writer, id: UUID, body: Draft) -> Response:
    thread = await whose(call.desk, id)
    kept = Kept(
        agent=call.person.id,
        conversation=thread.conversation,
        body=body.model_dump_json().encode(),
        saved_at=call.now,
    )
    await call.desk.drafts.save(thread.customer, kept)
    return nothing()


@router.delete("", status_code=204)
async def discard(call: Writer, id: UUID) -> Response:
    await call.desk.drafts.discard(call.person.id, ConversationId(id))
    return nothing()
