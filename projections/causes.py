"""Causes that a policy could not digest, as the policies' own streams tell: what a person should look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Executable, Integer, MetaData, String, Table, func, select

from hub.app.ports import Recorded
from hub.domain.reaction import events as r
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, instant, text_of

metadata = MetaData()

causes = Table(
    "causes",
    metadata,
    Column("policy", String, primary_key=True),
    Column("cause", Integer, primary_key=True),
    Column("stream", String, nullable=False),
    Column("at", String, nullable=False),
    Column("why", String, nullable=False),
    Column("recovered_at", String),
)

project = Subscriptions()


@project.on(r.ReactionParked)
def _(event: r.ReactionParked, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "stream": text_of(event.stream),
        "at": instant(recorded.recorded_at),
        "why": event.why,
        "recovered_at": None,
    }
    page.upsert(causes, (event.policy, event.cause), values)


@project.on(r.ReactionRecovered)
def _(event: r.ReactionRecovered, recorded: Recorded, page: Page) -> None:
    page.update(causes, (event.policy, event.cause), {"recovered_at": instant(recorded.recorded_at)})


def forget(customer: str) -> Iterator[Executable]:
    """Only ids and the kind of a fault stand here."""
    return iter(())


projection = Projection(name="causes", version=1, tables=(causes,), project=project, forget=forget)


UNDIGESTED = causes.c.recovered_at.is_(None)


def count(connection: Connection) -> int:
    """How many causes wait."""
    return int(connection.execute(select(func.count()).where(UNDIGESTED)).scalar_one())


def waiting(connection: Connection, limit: int = 200) -> list[dict[str, Any]]:
    """The newest that no policy could digest yet, newest first: policy, cause (a position), stream, at, why; `count`: how many."""
    query = select(causes).where(UNDIGESTED).order_by(causes.c.cause.desc(), causes.c.policy).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]
