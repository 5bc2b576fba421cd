"""Letters that could not be read, and how each connected account fares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    select,
    update,
)

from hub.app.ports import Recorded
from hub.domain.account import events as a
from hub.domain.conversation.events import MessageReceived, MessageSeenAgain
from projections.dialect import Cursor
from projections.page import Fill, Page, Plus, Value
from projections.projection import Projection, Subscriptions, instant, known, text_of

metadata = MetaData()

parked = Table(
    "parked",
    metadata,
    Column("raw", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("account", String, nullable=False, index=True),
    Column("at", String),
    Column("size", Integer),
    Column("why", String),
    Column("folder", String),
    Column("validity", Integer),
    Column("uid", Integer),
    Column("excerpt", String),
    Column("state", String, nullable=False),
    Column("customer", String, index=True),
    Column("message", String),
    Column("handled_at", String),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account", String, primary_key=True),
    Column("kind", String),
    Column("name", String),
    Column("address", String),
    Column("connected_at", String),
    Column("failing_since", String),
    Column("why", String),
    Column("last_contact", String),
    Column("last_letter", String),
    Column("letters", Integer, server_default="0"),
    Column("echoes", Integer, server_default="0"),
    Column("rebounds", Integer, server_default="0"),
)

project = Subscriptions()


@project.on(a.AccountConnected)
def _(event: a.AccountConnected, recorded: Recorded, page: Page) -> None:
    values: dict[str, Value] = {
        "kind": event.kind,
        "name": event.name,
        "address": event.address,
        "connected_at": Fill(instant(recorded.recorded_at)),
    }
    page.upsert(accounts, text_of(recorded.stream), values)


@project.on(a.LetterParked)
def _(event: a.LetterParked, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    values: dict[str, Value] = {
        "position": recorded.position,
        "account": text_of(recorded.stream),
        "at": at,
        "size": event.size,
        "why": event.why,
        "folder": event.folder,
        "validity": event.validity,
        "uid": event.uid,
        "excerpt": known(event.excerpt),
        "state": "parked",
    }
    page.upsert(parked, event.raw, values)
    page.upsert(accounts, text_of(recorded.stream), {"last_letter": at, "last_contact": at})


@project.on(a.LetterReadAgain)
def _(event: a.LetterReadAgain, recorded: Recorded, page: Page) -> None:
    """The letter is in its conversation now; what could be made out of it before is not needed any more."""
    values: dict[str, Value] = {
        "state": "read again",
        "customer": text_of(event.customer),
        "message": text_of(event.message),
        "handled_at": instant(recorded.recorded_at),
        "excerpt": None,
    }
    page.update(parked, event.raw, values)


@project.on(a.LetterEchoed)
def _(event: a.LetterEchoed, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.upsert(accounts, text_of(recorded.stream), {"last_contact": at, "echoes": Plus(1)})


@project.on(a.MailboxRebound)
def _(event: a.MailboxRebound, recorded: Recorded, page: Page) -> None:
    page.upsert(accounts, text_of(recorded.stream), {"rebounds": Plus(1)})


@project.on(a.MailboxFailed)
def _(event: a.MailboxFailed, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.upsert(accounts, text_of(recorded.stream), {"failing_since": Fill(at), "why": event.why})


@project.on(a.MailboxRecovered)
def _(event: a.MailboxRecovered, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.upsert(accounts, text_of(recorded.stream), {"failing_since": None, "why": None, "last_contact": at})


@project.on(MessageReceived)
def _(event: MessageReceived, recorded: Recorded, page: Page) -> None:
    at = instant(recorded.recorded_at)
    page.upsert(accounts, text_of(event.account), {"last_letter": at, "last_contact": at, "letters": Plus(1)})


@project.on(MessageSeenAgain)
def _(event: MessageSeenAgain, recorded: Recorded, page: Page) -> None:
    page.upsert(accounts, text_of(event.account), {"last_contact": instant(recorded.recorded_at)})


def forget(customer: str) -> Iterator[Executable]:
    """Parked letters are sealed under keys of their own; of those read again for this customer no words are left."""
    yield update(parked).where(parked.c.customer == customer).values(excerpt=None)


def forget_letters(cursor: Cursor, raws: Iterable[str]) -> None:
    """Blank what could be made out of these letters: their keys are destroyed, a rebuild would find nothing either."""
    for raw in raws:
        cursor.run(BLANK, {"letter": raw})


BLANK = update(parked).where(parked.c.raw == bindparam("letter")).values(excerpt=None)


projection = Projection(name="parked", version=1, tables=(parked, accounts), project=project, forget=forget)


def letters(connection: Connection, *, handled: bool = False, limit: int = 200) -> list[dict[str, Any]]:
    """Parked letters (`handled`: those read again too), newest first, with the inbox's name; excerpt None once erased."""
    query = (
        select(parked, func.coalesce(accounts.c.name, "").label("inbox_name"))
        .join_from(parked, accounts, accounts.c.account == parked.c.account, isouter=True)
        .order_by(parked.c.position.desc())
        .limit(limit)
    )
    query = query if handled else query.where(parked.c.state == "parked")
    return [dict(row) for row in connection.execute(query).mappings()]


def letter(connection: Connection, raw: str) -> dict[str, Any] | None:
    row = connection.execute(select(parked).where(parked.c.raw == raw)).mappings().first()
    return None if row is None else dict(row)


def waiting(connection: Connection) -> int:
    """How many letters are parked."""
    return int(connection.execute(select(func.count()).where(parked.c.state == "parked")).scalar_one())


def health(connection: Connection) -> list[dict[str, Any]]:
    """Every account by name: name, address, kind, failing_since, why, last_contact, last_letter, letters, parked…"""
    here = select(func.count()).where(parked.c.account == accounts.c.account, parked.c.state == "parked")
    query = select(accounts, here.scalar_subquery().label("parked")).order_by(
        accounts.c.name.nulls_first(), accounts.c.account
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def names(connection: Connection) -> dict[str, str]:
    """Account id → the inbox's name."""
    return {
        account: name or ""
        for account, name in connection.execute(select(accounts.c.account, accounts.c.name))
    }
