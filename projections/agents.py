"""Who works here, their saved replies, and the signature of each inbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Executable, MetaData, String, Table, select, update

from hub.app.ports import Recorded
from hub.domain.staff import events as s
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, instant, known, text_of

metadata = MetaData()

agents = Table(
    "agents",
    metadata,
    Column("agent", String, primary_key=True),
    Column("name", String),
    Column("email", String),
    Column("role", String),
    Column("active", Boolean, server_default="1"),
    Column("joined_at", String),
    Column("left_at", String),
    Column("signed_in_at", String),
)

saved_replies = Table(
    "saved_replies",
    metadata,
    Column("name", String, primary_key=True),
    Column("language", String, primary_key=True),
    Column("text", String),
)

signatures = Table(
    "signatures",
    metadata,
    Column("account", String, primary_key=True),
    Column("text", String, nullable=False),
)

project = Subscriptions()


@project.on(s.AgentJoined)
def _(event: s.AgentJoined, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "name": known(event.name),
        "email": known(event.email),
        "role": event.role,
        "active": True,
        "joined_at": instant(recorded.recorded_at),
        "left_at": None,
    }
    page.upsert(agents, text_of(event.agent), values)


@project.on(s.AgentRoleChanged)
def _(event: s.AgentRoleChanged, recorded: Recorded, page: Page) -> None:
    page.update(agents, text_of(event.agent), {"role": event.role})


@project.on(s.AgentLeft)
def _(event: s.AgentLeft, recorded: Recorded, page: Page) -> None:
    page.update(agents, text_of(event.agent), {"active": False, "left_at": instant(recorded.recorded_at)})


@project.on(s.AgentSignedIn)
def _(event: s.AgentSignedIn, recorded: Recorded, page: Page) -> None:
    page.update(agents, text_of(event.agent), {"signed_in_at": instant(recorded.recorded_at)})


@project.on(s.SavedReplyKept)
def _(event: s.SavedReplyKept, recorded: Recorded, page: Page) -> None:
    page.upsert(saved_replies, (event.name, event.language), {"text": event.text})


@project.on(s.SavedReplyRemoved)
def _(event: s.SavedReplyRemoved, recorded: Recorded, page: Page) -> None:
    page.delete(saved_replies, (event.name, event.language))


@project.on(s.SignatureSet)
def _(event: s.SignatureSet, recorded: Recorded, page: Page) -> None:
    page.upsert(signatures, text_of(event.account), {"text": event.text})


def forget(stream: str) -> Iterator[Executable]:
    """Nothing here is a customer's; an agent's own stream may be erased too."""
    yield update(agents).where(agents.c.agent == stream).values(name=None, email=None)


projection = Projection(
    name="agents", version=1, tables=(agents, saved_replies, signatures), project=project, forget=forget
)


def directory(connection: Connection, *, everyone: bool = False) -> list[dict[str, Any]]:
    """Who works here (`everyone`: or ever did), by name: agent, name, email, role, active, joined_at…"""
    query = select(agents).order_by(agents.c.name.nulls_first(), agents.c.agent)
    query = query if everyone else query.where(agents.c.active.is_(True))
    return [dict(row) for row in connection.execute(query).mappings()]


def agent(connection: Connection, agent: str) -> dict[str, Any] | None:
    row = connection.execute(select(agents).where(agents.c.agent == agent)).mappings().first()
    return None if row is None else dict(row)


def by_email(connection: Connection, email: str) -> dict[str, Any] | None:
    """An active agent by e-mail address, whatever its case."""
    wanted = email.strip().casefold()
    return next((one for one in directory(connection) if (one["email"] or "").casefold() == wanted), None)


def names(connection: Connection) -> dict[str, str]:
    """Agent id → name, of everyone who ever worked here."""
    return {agent: name or "" for agent, name in connection.execute(select(agents.c.agent, agents.c.name))}


def replies(connection: Connection) -> list[dict[str, Any]]:
    """Saved replies by name and language: name, language, text."""
    query = select(saved_replies).order_by(saved_replies.c.name, saved_replies.c.language)
    return [dict(row) for row in connection.execute(query).mappings()]


def signature(connection: Connection, account: str) -> str:
    text = connection.execute(select(signatures.c.text).where(signatures.c.account == account)).scalar()
    return text or ""
