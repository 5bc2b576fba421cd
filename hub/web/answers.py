"""Answers in JSON, the hot path kept short; and waiting until the views show what the caller already knows."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import Query
from starlette.responses import Response

from hub.web.desk_ports import Desk

AtLeast = Annotated[int | None, Query(ge=0, description="Wait until the views show this position.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Place = Annotated[str | None, Query(max_length=200, pattern=r"^[^~]{1,100}~[0-9a-f-]{36}$")]
"""The cursor of a list: the sort key and the id of the last row seen."""


def told(body: object, status: int = 200) -> Response:
    """The body as JSON: dicts, lists, dataclasses, times and UUIDs."""
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS),
        status,
        media_type="application/json",
    )


def nothing() -> Response:
    return Response(status_code=204)


def done(position: int, *, already: bool = False, **ids: object) -> Response:
    """The answer to a command; what is empty is left out."""
    named = {name: str(value) for name, value in ids.items() if value}
    return told({"position": position, **named, **({"already": True} if already else {})})


async def reached(desk: Desk, at_least: int | None) -> None:
    """Return once the views show `at_least`; a position that the log has not reached is not waited for."""
    if at_least:
        await desk.views.reached(min(at_least, await desk.log.head()))
