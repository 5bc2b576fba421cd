"""The customers: who they are by which evidence, with whom they are linked, and what they are suggested to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Executable,
    MetaData,
    String,
    Table,
    delete,
    func,
    or_,
    select,
    update,
)

from hub.app.ports import Recorded
from hub.domain.customer import events as c
from projections.page import Fill, Page, Value
from projections.projection import Projection, Subscriptions, askable, instant, known, plain_address, text_of

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("customer", String, primary_key=True),
    Column("name", String),
    Column("channel", String),
    Column("opened_at", String),
    Column("address", String),
    Column("erased", Boolean, nullable=False, server_default="0"),
)

identities = Table(
    "customer_identities",
    metadata,
    Column("customer", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("plain", String, primary_key=True),
    Column("address", String),
    Column("claimed_at", String),
    Column("claim", String),
    Column("verified_at", String),
    Column("proof", String),
    Column("why", String),
)

links = Table(
    "customer_links",
    metadata,
    Column("customer", String, primary_key=True),
    Column("other", String, primary_key=True),
    Column("state", String),
    Column("survivor", String),
    Column("why", String),
    Column("since", String),
)

project = Subscriptions()


@project.on(c.CustomerOpened)
def _(event: c.CustomerOpened, recorded: Recorded, page: Page) -> None:
    opened: dict[str, Value] = {"channel": event.channel, "opened_at": instant(recorded.recorded_at)}
    page.upsert(customers, text_of(recorded.stream), opened | {"name": known(event.name)})


@project.on(c.CustomerNamed)
def _(event: c.CustomerNamed, recorded: Recorded, page: Page) -> None:
    page.upsert(customers, text_of(recorded.stream), {"name": known(event.name)})


@project.on(c.IdentityClaimed)
def _(event: c.IdentityClaimed, recorded: Recorded, page: Page) -> None:
    claim: dict[str, Value] = {
        "claimed_at": Fill(instant(recorded.recorded_at)),
        "claim": Fill(event.evidence),
    }
    note_identity(event, recorded, page, claim)


@project.on(c.IdentityVerified)
def _(event: c.IdentityVerified, recorded: Recorded, page: Page) -> None:
    proof: dict[str, Value] = {"proof": event.evidence, "why": event.why}
    note_identity(event, recorded, page, proof | {"verified_at": Fill(instant(recorded.recorded_at))})


def note_identity(
    event: c.IdentityClaimed | c.IdentityVerified, recorded: Recorded, page: Page, values: dict[str, Value]
) -> None:
    """An erased address has no row: nothing of it could be shown."""
    if (address := known(event.address)) is not None:
        customer = text_of(recorded.stream)
        page.upsert(
            identities, (customer, event.channel, plain_address(address)), {"address": address} | values
        )
        page.upsert(customers, customer, {"address": Fill(address)})


@project.on(c.LinkSuggested)
def _(event: c.LinkSuggested, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "state": "suggested",
        "why": event.why,
        "since": instant(recorded.recorded_at),
    }
    page.upsert(links, (text_of(recorded.stream), text_of(event.other)), values)


@project.on(c.CustomersLinked)
def _(event: c.CustomersLinked, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "state": "linked",
        "survivor": text_of(event.survivor),
        "why": known(event.why),
        "since": instant(recorded.recorded_at),
    }
    page.upsert(links, (text_of(recorded.stream), text_of(event.other)), values)


@project.on(c.CustomersUnlinked)
def _(event: c.CustomersUnlinked, recorded: Recorded, page: Page) -> None:
    page.delete(links, (text_of(recorded.stream), text_of(event.other)))


def forget(customer: str) -> Iterator[Executable]:
    """The customer still counts as one; names, addresses and links are gone, from the other side of a link too."""
    mine = customers.c.customer == customer
    yield update(customers).where(mine).values(name=None, address=None, erased=True)
    yield delete(identities).where(identities.c.customer == customer)
    yield delete(links).where(or_(links.c.customer == customer, links.c.other == customer))


projection = Projection(
    name="customers", version=1, tables=(customers, identities, links), project=project, forget=forget
)


def customer(connection: Connection, customer: str) -> dict[str, Any] | None:
    """id, name, erased, opened_at, identities, links, suggestions; conversations and complaints come from their own pages."""
    row = connection.execute(select(customers).where(customers.c.customer == customer)).mappings().first()
    if row is None:
        return None
    known_links = links_of(connection, customer)
    return {
        "id": customer,
        "name": row["name"] or "",
        "erased": row["erased"],
        "opened_at": row["opened_at"],
        "identities": identities_of(connection, customer),
        "links": [link for link in known_links if link["state"] == "linked"],
        "suggestions": [link for link in known_links if link["state"] == "suggested"],
    }


def identities_of(connection: Connection, customer: str) -> list[dict[str, Any]]:
    """channel, address, verified, evidence, why, since; proven ones first."""
    query = select(identities).where(identities.c.customer == customer)
    rows = connection.execute(
        query.order_by(identities.c.verified_at.is_(None), identities.c.plain)
    ).mappings()
    return [shown_identity(row) for row in rows]


def shown_identity(row: Any) -> dict[str, Any]:
    verified = row["verified_at"] is not None
    return {
        "channel": row["channel"],
        "address": row["address"],
        "verified": verified,
        "evidence": row["proof"] if verified else row["claim"],
        "why": row["why"] or "",
        "since": row["verified_at"] if verified else row["claimed_at"],
    }


def links_of(connection: Connection, customer: str) -> list[dict[str, Any]]:
    """customer, name, address of each other one, with state, why, since; `survivor`: the other one goes on."""
    query = (
        select(links, customers.c.name, customers.c.address)
        .join_from(links, customers, customers.c.customer == links.c.other, isouter=True)
        .where(links.c.customer == customer)
        .order_by(links.c.since, links.c.other)
    )
    return [shown_link(row) for row in connection.execute(query).mappings()]


def shown_link(row: Any) -> dict[str, Any]:
    return {
        "customer": row["other"],
        "name": row["name"] or "",
        "address": row["address"] or "",
        "state": row["state"],
        "survivor": row["survivor"] == row["other"],
        "why": row["why"],
        "since": row["since"],
    }


def circle(connection: Connection, customer: str) -> list[str]:
    """The customer and everyone linked, directly or through others: one person."""
    together, edge = {customer}, [customer]
    while edge:
        query = select(links.c.other).where(links.c.customer.in_(edge), links.c.state == "linked")
        edge = [other for (other,) in connection.execute(query) if other not in together]
        together |= set(edge)
    return sorted(together)


def find(connection: Connection, text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Customers whose name or any address holds `text`, whatever its case: id, name, address."""
    wanted = askable(text).strip()
    here = select(identities.c.customer).where(
        identities.c.plain.contains(wanted.casefold(), autoescape=True)
    )
    by_name = func.lower(customers.c.name).contains(wanted.lower(), autoescape=True)
    query = (
        select(customers)
        .where(or_(by_name, customers.c.customer.in_(here)))
        .order_by(customers.c.opened_at.desc().nulls_last())
    )
    return [shown_hit(row) for row in connection.execute(query.limit(limit)).mappings()]


def shown_hit(row: Any) -> dict[str, Any]:
    return {"id": row["customer"], "name": row["name"] or "", "address": row["address"] or ""}
