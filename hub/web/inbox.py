"""The list of conversations, view by view, and how many each view holds."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.answers import AtLeast, Limit, Place, reached, told
from hub.web.guard import SignedIn
from hub.web.shaping import only
from hub.web.told import Counters, ListAnswer, Row
from projections import inbox
from projections.views import position

router = APIRouter(prefix="/api/v1", tags=["inbox"])

ViewName = Literal["mine", "unassigned", "open", "complaints", "snoozed", "resolved", "spam"]
Sort = Literal["waiting", "newest", "oldest"]


@router.get("/inbox/{view}", response_model=ListAnswer)
async def listed(
    call: SignedIn,
    view: ViewName,
    sort: Sort = "waiting",
    cursor: Place = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Response:
    """One page of a view; `cursor` is `next` of the page before. Parked letters have a page of their own."""
    await reached(call.desk, at_least)
    return told(await call.desk.ask(lambda db: _page(db, call.person.id, view, sort, cursor, limit)))


@router.get("/inbox-counters", response_model=Counters)
async def counters(call: SignedIn, at_least: AtLeast = None) -> Response:
    """How many conversations each view holds for the caller."""
    await reached(call.desk, at_least)
    return told(only(Counters, await call.desk.ask(lambda db: inbox.counters(db, str(call.person.id)))))


def _page(db: Any, agent: object, *asked: Any) -> dict[str, Any]:
    view, sort, cursor, limit = asked
    reached_position = position(db)
    rows, following = inbox.view(db, view, str(agent), sort=sort, cursor=cursor, limit=limit)
    return {"position": reached_position, "rows": [only(Row, row) for row in rows], "next": following}
