"""Orders about colleagues and shared settings, put on record in their own streams."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

from hub.app.kinds import AGENT, WORKSPACE
from hub.app.ports import Envelope
from hub.app.transact import Done
from hub.domain.ids import AgentId, CommandId, StreamId
from hub.domain.staff import decisions as d
from hub.domain.staff.state import Agent, Settings
from hub.domain.vocabulary import Actor
from hub.web.desk_ports import Desk
from hub.web.guard import Call
from hub.web.people import Person
from hub.web.performing import envelope, insist_on_rights


async def order_agent(call: Call, agent: AgentId, command: d.AgentCommand) -> Done[Any]:
    """One order to a colleague's stream."""
    insist_on_rights(call, [command])
    plan = partial(_agent, call.desk, command)
    return await call.desk.transactor.transact(AGENT, StreamId(agent), plan, envelope(call), person=True)


async def order_settings(call: Call, command: d.SettingsCommand) -> Done[Any]:
    """One order to the shared settings."""
    insist_on_rights(call, [command])
    plan = partial(_settings, call.desk, command)
    return await call.desk.transactor.transact(
        WORKSPACE, call.desk.workspace, plan, envelope(call), person=True
    )


async def record_sign_in(desk: Desk, person: Person) -> None:
    """That they signed in is on record before they are told so."""
    by = Envelope(actor=Actor(kind="agent", id=str(person.id)), command=CommandId(uuid4()))
    plan = partial(_agent, desk, d.SignIn())
    await desk.transactor.transact(AGENT, StreamId(person.id), plan, by, person=True)


def _agent(desk: Desk, command: d.AgentCommand, state: Agent) -> list[Any]:
    return list(d.decide_agent(command, state, desk.clock()))


def _settings(desk: Desk, command: d.SettingsCommand, state: Settings) -> list[Any]:
    return list(d.decide_settings(command, state, desk.clock()))
