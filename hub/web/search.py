"""Search over everything that was said, in any script."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.web.answers import AtLeast, reached, told
from hub.web.guard import SignedIn
from hub.web.shaping import only
from hub.web.told import Row
from hub.web.told_more import SearchAnswer, SearchHit
from projections.search import search

router = APIRouter(prefix="/api/v1/search", tags=["search"])


@router.get("", response_model=SearchAnswer)
async def found(
    call: SignedIn,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    at_least: AtLeast = None,
) -> Response:
    """Best first, one hit per conversation; `marks` are [start, end) in `excerpt`."""
    await reached(call.desk, at_least)
    hits = await call.desk.ask(lambda db: search(db, q, call.now, limit)) if q.strip() else []
    return told({"hits": [_shown(hit) for hit in hits]})


def _shown(hit: dict[str, Any]) -> dict[str, Any]:
    return {**only(SearchHit, hit), "row": only(Row, hit["row"])}
