"""What colleagues share: the inboxes, the saved replies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.domain.staff.decisions import KeepSavedReply, RemoveSavedReply
from hub.web.answers import AtLeast, reached, told
from hub.web.asked import SavedReply
from hub.web.guard import SignedIn, Writer
from hub.web.once import CommandRoute
from hub.web.performing import answered
from hub.web.shaping import only
from hub.web.staffing import order_settings
from hub.web.told import Done
from hub.web.told_more import Inboxes, SavedReplies, SavedReplyInfo
from projections import agents

router = APIRouter(prefix="/api/v1", tags=["settings"], route_class=CommandRoute)


@router.get("/inboxes", response_model=Inboxes)
async def inboxes(call: SignedIn) -> Response:
    """Where letters arrive and leave; a signature set here wins over that of the settings file."""

    def signatures(db: Any) -> dict[str, str]:
        return {str(inbox.account): agents.signature(db, str(inbox.account)) for inbox in call.desk.inboxes}

    signed = await call.desk.ask(signatures)
    shown = [
        {
            "account": str(inbox.account),
            "name": inbox.name,
            "address": inbox.address.address,
            "kind": inbox.kind,
            "signature": signed[str(inbox.account)] or inbox.signature,
            "undo_seconds": inbox.undo_seconds,
        }
        for inbox in call.desk.inboxes
    ]
    return told({"inboxes": shown})


@router.get("/saved-replies", response_model=SavedReplies)
async def saved_replies(call: SignedIn, at_least: AtLeast = None) -> Response:
    """Texts with variables: {customer.name}, {agent.name}, {complaint.number}."""
    await reached(call.desk, at_least)
    rows = await call.desk.ask(agents.replies)
    return told({"replies": [only(SavedReplyInfo, row) for row in rows]})


@router.put("/saved-replies", response_model=Done)
async def keep(call: Writer, body: SavedReply) -> Response:
    command = KeepSavedReply(name=body.name, language=body.language, text=body.text)
    return answered(await order_settings(call, command))


@router.delete("/saved-replies", response_model=Done)
async def remove(
    call: Writer,
    name: Annotated[str, Query(min_length=1, max_length=500)],
    language: Annotated[str, Query(pattern="^(en|zh)$")],
) -> Response:
    return answered(await order_settings(call, RemoveSavedReply(name=name, language=language)))
