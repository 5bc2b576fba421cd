"""One conversation as it is read: its entries, whom an answer goes to, and its complaint."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.domain.errors import NoSuchConversation
from hub.web.addressees import both
from hub.web.answers import AtLeast, reached, told
from hub.web.complaint_shapes import shown_complaint
from hub.web.guard import Call, SignedIn
from hub.web.shaping import entry, only
from hub.web.told import Row, ThreadAnswer
from projections import complaints, inbox, timeline
from projections.views import position

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

Before = Annotated[int | None, Query(ge=1, lt=2**63)]


@router.get("/{id}", response_model=ThreadAnswer)
async def thread(call: SignedIn, id: UUID, before: Before = None, at_least: AtLeast = None) -> Response:
    """The newest entries, or those before `before`, oldest first."""
    await reached(call.desk, at_least)
    shown = await call.desk.ask(lambda db: _shown(db, str(id), before, call))
    if shown is None:
        raise NoSuchConversation
    return told(shown)


def _shown(db: Any, id: str, before: int | None, call: Call) -> dict[str, Any] | None:
    reached_position = position(db)
    row = inbox.row(db, id)
    if row is None:
        return None
    page = timeline.thread(db, id, before=before)
    complaint = complaints.of_conversation(db, id)
    ours = [one.address.address for one in call.desk.inboxes]
    return {
        "position": reached_position,
        "row": only(Row, row),
        "entries": [entry(one) for one in page["entries"]],
        "earlier": None if page["earlier"] is None else str(page["earlier"]),
        "seen": page["seen"],
        "recipients": both(page["entries"], ours, call.language),
        "complaint": shown_complaint(complaint, row["subject"], call.person.role) if complaint else None,
    }
