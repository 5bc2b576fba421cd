"""A customer's record as of any moment, every fact readable; that somebody looked is itself put on record first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from hub.app.ports import Recorded
from hub.domain.customer.commands import ViewRecord
from hub.domain.customer.events import CustomerOpened
from hub.domain.errors import CustomerErased
from hub.domain.ids import CustomerId, StreamId
from hub.web.answers import told
from hub.web.asked import moment
from hub.web.guard import Call, Historian
from hub.web.once import Turns
from hub.web.performing import known_customer, order
from hub.web.problems import Stop
from hub.web.shaping import only
from hub.web.told_more import Fact, HistoryAnswer
from projections import agents
from projections.history import AsOf, customer_as_of, events_of

router = APIRouter(prefix="/api/v1", tags=["history"])

AN_OPENING: Final = 600.0
"""Seconds in which one colleague's looking at one customer counts as one."""

LOOKING: Final = Turns()

When = Annotated[str, Query(max_length=40, description="A position or an ISO 8601 time; nothing for now.")]


@router.get("/customers/{id}/history", response_model=HistoryAnswer)
async def history(
    call: Historian,
    id: UUID,
    as_of: When = "",
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Facts after position `after`, as recorded by `as_of`, of the customer and everyone linked then; with the state on the first page."""
    customer, when = CustomerId(id), _when(as_of)
    own = await _own_stream(call, customer)
    await _record_viewing(call, customer, "timeline", as_of)
    events = await events_of(call.desk.log, customer, when)
    page = [one for one in events if one.position > after][: limit + 1]
    state = {} if after else await asyncio.to_thread(customer_as_of, customer, events)
    names = await call.desk.ask(agents.names)
    return told(
        {
            "customer": str(id),
            "as_of": _as_of(when, events),
            "first": _edge(own[0]),
            "last": _edge(own[-1]),
            "state": state,
            "facts": [_fact(call, one, names) for one in page[:limit]],
            "next": page[limit - 1].position if len(page) > limit else None,
        }
    )


@router.get("/events/{position}", response_model=Fact)
async def event(call: Historian, position: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """One fact of any stream."""
    found = await call.desk.log.read_all(after=position - 1, limit=1)
    if not found or found[0].position != position:
        raise Stop(404)
    if await _is_customer(call, found[0].stream):
        await _record_viewing(call, CustomerId(found[0].stream), "event", str(position))
    return told(_fact(call, found[0], await call.desk.ask(agents.names)))


async def _own_stream(call: Call, customer: CustomerId) -> tuple[Recorded, Recorded]:
    """The first and last fact of this very stream, before anybody's looking is added."""
    stream = StreamId(await known_customer(call.desk, customer))
    first = await call.desk.log.read_stream(stream, limit=1)
    last = await call.desk.log.read_stream(stream, after=await call.desk.log.version(stream) - 1)
    return first[0], last[-1]


async def _is_customer(call: Call, stream: StreamId) -> bool:
    first = await call.desk.log.read_stream(stream, limit=1)
    return bool(first) and isinstance(first[0].event, CustomerOpened)


async def _record_viewing(call: Call, customer: CustomerId, what: str, as_of: str) -> None:
    """Once per opening; a second request of the same opening waits until the first is on record."""
    opening = f"{call.person.id} views {customer}"
    await LOOKING.take(opening)
    try:
        if await call.desk.limits.allow(opening, 1, AN_OPENING):
            await order(call, customer, [ViewRecord(what=what, as_of=as_of)])
    except CustomerErased:
        return  # nothing is left to see or to write to
    except BaseException:
        await call.desk.limits.forget(opening)  # it is not on record, so the next request has to put it there
        raise
    finally:
        LOOKING.give(opening)


def _when(text: str) -> AsOf:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    at = moment(text)
    if at is None:
        raise Stop(422, "fields", fields=[{"field": "as_of", "message": "a position or an ISO 8601 time"}])
    return at


def _as_of(when: AsOf, events: Sequence[Recorded]) -> dict[str, Any]:
    last = events[-1] if events else None
    position = when if isinstance(when, int) else last.position if last else 0
    at = when if isinstance(when, datetime) else last.recorded_at if last else None
    return {"position": position, "at": at.isoformat() if at else None}


def _edge(one: Recorded) -> dict[str, Any]:
    return {"position": one.position, "at": one.recorded_at.isoformat()}


def _fact(call: Call, one: Recorded, names: Mapping[str, str]) -> dict[str, Any]:
    """The fact with its actor's name and the raw letter it speaks of."""
    described = dict(call.desk.describe(one))
    actor = one.envelope.actor
    described["actor"] = {"kind": actor.kind, "id": actor.id, "name": names.get(actor.id, "")}
    described["raw"] = getattr(one.event, "raw", None) or getattr(one.event, "report", None)
    described["open"] = described["open"] if isinstance(described["open"], dict) else {"": described["open"]}
    return only(Fact, described)
