"""Letters that could not be read, and how the accounts fare: seen, counted, downloaded, read again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from hub.domain.ids import BlobId
from hub.domain.letters import Unreadable
from hub.web.answers import AtLeast, done, reached, told
from hub.web.asked import Nothing
from hub.web.desk_ports import Desk, MailboxHealth
from hub.web.downloads import download
from hub.web.guard import SignedIn, Writer
from hub.web.letter_files import opened
from hub.web.once import CommandRoute
from hub.web.problems import Stop
from hub.web.shaping import only
from hub.web.told import Done
from hub.web.told_more import AccountHealth, ParkedAnswer, ParkedCause, ParkedLetter
from projections import causes, parked

router = APIRouter(prefix="/api/v1/parked", tags=["parked"], route_class=CommandRoute)

Raw = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("", response_model=ParkedAnswer)
async def listed(call: SignedIn, at_least: AtLeast = None) -> Response:
    """What waits for a person, and whether every account is heard."""
    await reached(call.desk, at_least)
    letters, accounts, waiting, in_all = await call.desk.ask(
        lambda db: (parked.letters(db), parked.health(db), causes.waiting(db), causes.count(db))
    )
    return told(
        {
            "letters": [only(ParkedLetter, {**one, "excerpt": one["excerpt"] or ""}) for one in letters],
            "causes": [only(ParkedCause, {**one, "position": one["cause"]}) for one in waiting],
            "causes_in_all": in_all,
            "accounts": [_health(one, call.desk.health, call.now) for one in accounts],
        }
    )


@router.post("/{raw}/read-again", response_model=Done)
async def read_again(call: Writer, raw: Raw, body: Nothing) -> Response:
    """Try once more; a letter that can be read now is a message like any, caused by its parking."""
    row = await _known(call.desk, raw)
    if row["state"] != "parked":
        return done(row["position"], already=True, id=row["message"])
    try:
        landed = await call.desk.read_again(BlobId(raw))
    except Unreadable:
        raise Stop(409, "still-unreadable") from None
    return done(landed.position, id=landed.message)


@router.get("/{raw}/raw", response_class=Response)
async def letter(call: SignedIn, raw: Raw) -> Response:
    """Its bytes as they came."""
    await _known(call.desk, raw)
    return download(await opened(call.desk, raw), f"parked-{raw[:12]}.eml", "text/plain")


async def _known(desk: Desk, raw: str) -> dict[str, Any]:
    """Only what is parked: a blob's id alone opens nothing."""
    row = await desk.ask(lambda db: parked.letter(db, raw))
    if row is None:
        raise Stop(404)
    return row


def _health(row: dict[str, Any], health: MailboxHealth, now: datetime) -> dict[str, Any]:
    """What is on record of an account, and what its follower says just now."""
    beat, most = health.notes.get(row["name"]), health.quiet_hours.get(row["name"], 0)
    since = row["last_letter"] or row["connected_at"]
    quiet = (now - datetime.fromisoformat(since)).total_seconds() / 3600 if since else None
    return only(
        AccountHealth,
        {
            **row,
            "name": row["name"] or "",
            "address": row["address"] or "",
            "kind": row["kind"] or "",
            "why": (beat.why if beat and beat.failures else "") or row["why"] or "",
            "connected": row["failing_since"] is None and not (beat and beat.failures),
            "state": beat.state if beat else "",
            "quiet_alert": bool(most and quiet is not None and quiet > most),
            "last_contact": beat.last_contact.isoformat()
            if beat and beat.last_contact
            else row["last_contact"],
            "since": row["failing_since"] or row["connected_at"],
            "quiet_hours": round(quiet, 2) if quiet is not None else None,
        },
    )
