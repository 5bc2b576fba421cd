"""Colleagues: who works here, in which role, and their coming and going."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.app.ports import Credential
from hub.domain.errors import NoSuchAgent
from hub.domain.ids import AgentId, StreamId
from hub.domain.letters import normalised
from hub.domain.staff.decisions import ChangeRole, Join, Leave
from hub.web.answers import AtLeast, reached, told
from hub.web.asked import NewAgent, NewRole
from hub.web.guard import Admin, Call, SignedIn
from hub.web.once import CommandRoute
from hub.web.passwords import SHORTEST, hash_of
from hub.web.people import Person
from hub.web.performing import answered, made
from hub.web.problems import Stop
from hub.web.staffing import order_agent
from hub.web.told import Done
from hub.web.told_more import Agents
from projections import agents

router = APIRouter(prefix="/api/v1/agents", tags=["colleagues"], route_class=CommandRoute)


@router.get("", response_model=Agents)
async def directory(call: SignedIn, at_least: AtLeast = None) -> Response:
    """Everybody who works here or ever did: their deeds keep their names."""
    await reached(call.desk, at_least)
    rows = await call.desk.ask(lambda db: agents.directory(db, everyone=True))
    return told({"agents": [_shown(row) for row in rows]})


@router.post("", response_model=Done)
async def join(call: Admin, body: NewAgent) -> Response:
    """A new colleague, who signs in with this password."""
    if len(body.password) < SHORTEST:
        raise Stop(422, "weak-password")
    agent, login = AgentId(made(call, "agent")), normalised(body.email)
    known = await call.desk.credentials.find(login)
    if known is not None and known.agent != agent:
        raise Stop(409, "login-taken")
    await call.desk.keys.ensure(StreamId(agent))
    settled = await order_agent(
        call, agent, Join(agent=agent, role=body.role, name=body.name, email=body.email)
    )
    secret = await hash_of(body.password)
    await call.desk.credentials.put(Credential(agent=agent, login=login, secret_hash=secret))
    return answered(settled, id=agent)


@router.post("/{id}/role", response_model=Done)
async def change_role(call: Admin, id: UUID, body: NewRole) -> Response:
    """Another role, from the next request on."""
    person = await _known(call, id)
    if person.role == "admin" and body.role != "admin":
        await _insist_on_another_admin(call, person)
    return answered(await order_agent(call, person.id, ChangeRole(role=body.role)))


@router.delete("/{id}", response_model=Done)
async def leave(call: Admin, id: UUID) -> Response:
    """They may not sign in any more; every session of theirs ends now."""
    person = await _known(call, id)
    await _insist_on_another_admin(call, person)
    settled = await order_agent(call, person.id, Leave())
    await call.desk.credentials.remove(person.id)
    await call.desk.sessions.end_all(person.id)
    call.desk.sockets.end_agent(person.id, "signed-out")
    return answered(settled)


async def _known(call: Call, id: UUID) -> Person:
    person = await call.desk.colleagues.find(call.desk.log, AgentId(id))
    if person is None:
        raise NoSuchAgent
    return person


async def _insist_on_another_admin(call: Call, person: Person) -> None:
    rows = await call.desk.ask(agents.directory)
    others = [AgentId(UUID(row["agent"])) for row in rows if row["agent"] != str(person.id)]
    found = [await call.desk.colleagues.find(call.desk.log, other) for other in others]
    if person.role == "admin" and not any(one and one.active and one.role == "admin" for one in found):
        raise Stop(409, "last-admin")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["agent"],
        "name": row["name"] or "",
        "email": row["email"] or "",
        "role": row["role"],
        "active": bool(row["active"]),
    }
