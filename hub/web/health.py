"""Whether the hub is well, for anybody, without details; and the description of the API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.web.answers import told
from hub.web.guard import Anyone
from hub.web.told_more import Health
from projections.views import position

router = APIRouter(prefix="/api/v1", tags=["hub"])


@router.get("/health", response_model=Health)
async def health(visit: Anyone) -> Response:
    """`lag`: facts that are on record and not yet shown."""
    head = await visit.desk.log.head()
    shown = await visit.desk.ask(position)
    return told({"ok": True, "position": head, "lag": max(0, head - shown)})


@router.get("/openapi.json", include_in_schema=False)
async def openapi(visit: Anyone, request: Request) -> Response:
    """The OpenAPI 3.1 document of these routes."""
    return told(request.app.openapi())
