"""What commands ask of an open house: one table, served on the owner's socket by a running hub, or called directly when none runs."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from hub.app.arrivals import Arrival, Landed
from hub.app.intake import take_in
from hub.app.kinds import AGENT, CUSTOMER
from hub.app.ports import Credential, Envelope, Mark, Request
from hub.assembly.caring import CARE, customer_named, projections_of, work_in_trouble
from hub.assembly.house import House, now
from hub.assembly.rereading import Rereader
from hub.domain.customer.commands import ViewRecord
from hub.domain.customer.decisions import decide
from hub.domain.errors import Refusal
from hub.domain.ids import AgentId, BlobId, CommandId, CustomerId, StreamId
from hub.domain.letters import normalised
from hub.domain.staff.decisions import ChangeRole, Join, decide_agent
from hub.domain.staff.events import StaffEvent
from hub.domain.staff.state import Agent
from hub.domain.vocabulary import Actor
from hub.web.passwords import hash_of, take_credential
from infra.codec import describe
from infra.restore import PAUSED, WAITING
from projections import causes, parked
from projections.history import AsOf, customer_as_of, events_of

Params = Mapping[str, Any]
Verb = Callable[[House, Params], Awaitable[Mapping[str, Any]]]

OPERATOR: Final = Actor(kind="system", id="operator")
"""Whoever may use the command line of this machine."""


def handlers(house: House) -> dict[str, Callable[[Params], Awaitable[Mapping[str, Any]]]]:
    """Every verb, bound to this house."""
    return {name: partial(verb, house) for name, verb in VERBS.items()}


async def ingest(house: House, params: Params) -> Mapping[str, Any]:
    """`account`, `letters` (base64): some letters, in their order, down the path that every letter takes."""
    inbox, moment = await house.inbox_for(str(params["account"])), now()
    arrivals = [Arrival(inbox=inbox, raw=b64decode(raw), received_at=moment) for raw in params["letters"]]
    landed = await asyncio.gather(
        *(take_in(house.walk, arrival) for arrival in arrivals), return_exceptions=True
    )
    return {"landed": [_told(each) for each in landed]}


def _told(landed: Landed | BaseException) -> Mapping[str, Any]:
    if isinstance(landed, BaseException):
        return {"ending": "", "why": str(landed) or type(landed).__name__}
    return {
        "ending": landed.ending,
        "position": landed.position,
        "customer": _text(landed.customer),
        "conversation": _text(landed.conversation),
        "message": _text(landed.message),
    }


async def read_again(house: House, params: Params) -> Mapping[str, Any]:
    """`raw`: a parked letter's blob id."""
    landed = await Rereader(house)(BlobId(str(params["raw"])))
    return {"position": landed.position, "conversation": _text(landed.conversation)}


async def add_agent(house: House, params: Params) -> Mapping[str, Any]:
    """`name`, `email`, `role`, `password`: a colleague who signs in from now on.

    The same e-mail again changes the password, ends every session of theirs, and gives them the role if it names one.
    """
    email, name, role = str(params["email"]), str(params["name"]), params.get("role")
    known = await house.tables.credentials.find(normalised(email))
    agent = known.agent if known else AgentId(uuid4())
    await house.keys.ensure(StreamId(agent))

    def joined(state: Agent) -> list[StaffEvent]:
        join = Join(agent=agent, role=role or (state.role if state.id else "admin"), name=name, email=email)
        return _joined(join, state, keeps_role=not role)

    done = await house.transactor.transact(AGENT, StreamId(agent), joined, by_operator())
    await _give_password(house, agent, normalised(email), str(params["password"]))
    return {"agent": str(agent), "position": done.position, "role": done.state.role}


def _joined(join: Join, state: Agent, *, keeps_role: bool) -> list[StaffEvent]:
    """Somebody new, or back again; or one who is here, in the role that was asked for."""
    joined = decide_agent(join, state, now())
    return joined if joined or keeps_role else decide_agent(ChangeRole(role=join.role), state, now())


async def _give_password(house: House, agent: AgentId, login: str, password: str) -> None:
    credential = Credential(agent=agent, login=login, secret_hash=await hash_of(password))
    await take_credential(credential, house.tables.credentials, house.tables.sessions, house.sockets)


async def event(house: House, params: Params) -> Mapping[str, Any]:
    """`position`: one fact, both parts readable."""
    position, last = int(params["position"]), await house.log.head()
    if not 1 <= position <= last:
        raise LookupError(f"There is no event at position {position}; the last is {last}.")
    page = await house.log.read_all(after=position - 1, limit=1)
    return describe(page[0])


async def history(house: House, params: Params) -> Mapping[str, Any]:
    """`customer`, `as_of`: every fact of a person as of then, and what the pages would have said. The reading is recorded."""
    customer, as_of = (
        customer_named(params["customer"]),
        moment_or_position(str(params.get("as_of") or "")),
    )
    facts = await events_of(house.log, customer, as_of)
    if not facts:
        raise LookupError(f"There is no customer {customer}" + (" as of then." if as_of else "."))
    await _record_reading(house, customer, str(params.get("as_of") or ""))
    return {
        "customer": str(customer),
        "as_of": str(params.get("as_of") or "now"),
        "state": await asyncio.to_thread(customer_as_of, customer, facts),
        "facts": [describe(fact) for fact in facts],
    }


def moment_or_position(text: str) -> AsOf:
    """ "" is now, digits are a position, anything else an ISO time (UTC where it names no zone)."""
    if not text or text.isdecimal():
        return int(text) if text else None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text} is neither a position nor a time. Write 1234 or 2026-11-22T09:30:00Z."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def _record_reading(house: House, customer: CustomerId, as_of: str) -> None:
    command = ViewRecord(what="history", as_of=as_of)
    with suppress(Refusal):
        await house.transactor.transact(
            CUSTOMER, StreamId(customer), lambda state: decide(command, state, now()), by_operator()
        )


async def resume_sending(house: House, params: Params) -> Mapping[str, Any]:
    """Letters leave again after a restore."""
    was_paused = await house.paused()
    house.files.paused.unlink(missing_ok=True)
    if was_paused and house.settings.database_url:
        mark = Mark(name=PAUSED, expected=WAITING, new="resumed")
        await house.log.append(Request(envelope=by_operator(), marks=(mark,)))
    return {"was_paused": was_paused}


async def status(house: House, params: Params) -> Mapping[str, Any]:
    """Where the log and the views stand, and what waits for a person."""
    lag, head = await house.runner.lag(), await house.log.head()
    return {
        "position": head,
        "views": house.runner.position,
        "lag_events": lag.events,
        "lag_seconds": lag.seconds,
        "trouble": house.runner.trouble,
        "rebuilding": house.runner.rebuilding and house.runner.rebuilding.told(),
        "sending_paused": await house.paused(),
        "parked_letters": await house.ask(parked.waiting),
        "parked_causes": await house.ask(causes.waiting),
        "parked_causes_in_all": await house.ask(causes.count),
        "projections": await projections_of(house, head, lag),
        "work_in_trouble": work_in_trouble(house),
    }


def by_operator() -> Envelope:
    return Envelope(actor=OPERATOR, command=CommandId(uuid4()))


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


VERBS: Final[Mapping[str, Verb]] = {
    "ingest": ingest,
    "read-again": read_again,
    "add-agent": add_agent,
    "event": event,
    "history": history,
    "resume-sending": resume_sending,
    "status": status,
    **CARE,
}
