"""The web application: every subject's routes, the live socket, the desk's pages, and the armour around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp

from hub.web import (
    agents,
    complaints,
    conversation_commands,
    conversations,
    customers,
    drafts,
    health,
    history,
    inbox,
    letter_files,
    parked,
    replies,
    search,
    sessions,
    settings,
    uploads,
)
from hub.web.armour import LARGEST_BODY, Armour
from hub.web.desk_ports import Desk
from hub.web.guard import policies
from hub.web.live import live
from hub.web.once import Turns
from hub.web.problems import answer_problems
from hub.web.static import desk_routes
from hub.web.told import Problem
from hub.web.traced import Traced

SUBJECTS: Final[tuple[APIRouter, ...]] = (
    health.router,
    sessions.router,
    inbox.router,
    conversations.router,
    replies.router,
    conversation_commands.router,
    drafts.router,
    uploads.router,
    complaints.router,
    customers.router,
    settings.router,
    agents.router,
    letter_files.router,
    history.router,
    search.router,
    parked.router,
)
"""Every router of the API; each of its routes says who may call it, or the application does not start."""

REFUSED: Final[dict[int | str, dict[str, object]]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}


def create_app(desk: Desk, *, beside: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The application behind all pages. `beside`: routes of channels, served before the desk's pages and under the same armour."""
    app = FastAPI(
        title="Amends",
        version="1",
        description="Every customer heard on every channel, every word kept, things put right.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.state.turns = Turns()
    answer_problems(app)
    for router in SUBJECTS:
        list(policies(router.routes))
        app.include_router(router, responses=REFUSED, max_body_size=LARGEST_BODY)
    app.router.routes.extend([WebSocketRoute("/api/v1/live", live), *beside, *desk_routes(desk.static)])
    return Traced(Armour(app, desk.public_url))
