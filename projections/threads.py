"""Threads: from Message-IDs, ours and the customers', to conversations, and who takes part in each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Executable,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    select,
)

from hub.app.ports import Recorded, Thread
from hub.domain.conversation import events as c
from hub.domain.ids import ConversationId, CustomerId, MessageId
from hub.domain.letters import Address
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, known, plain_address

metadata = MetaData()

references = Table(
    "thread_references",
    metadata,
    Column("message", String, primary_key=True),
    Column("message_ref", String, nullable=False),
    Column("customer", String, nullable=False, index=True),
    Column("conversation", String, nullable=False),
    Column("position", Integer, nullable=False),
    Index("thread_references_by_ref", "message_ref", "position"),
)

conversations = Table(
    "thread_conversations",
    metadata,
    Column("conversation", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("message", String),
)

participants = Table(
    "thread_participants",
    metadata,
    Column("conversation", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
)

project = Subscriptions()


@project.on(c.ConversationOpened)
def _(event: c.ConversationOpened, recorded: Recorded, page: Page) -> None:
    page.upsert(conversations, str(event.conversation), {"customer": str(recorded.stream)})


@project.on(c.MessageReceived)
def _(event: c.MessageReceived, recorded: Recorded, page: Page) -> None:
    sender = known(event.sender)
    people = (*((sender,) if sender else ()), *(known(event.to) or ()), *(known(event.cc) or ()))
    take_part(event, recorded, page, people)


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    take_part(event, recorded, page, (*(known(event.to) or ()), *(known(event.cc) or ())))


def take_part(
    event: c.MessageReceived | c.ReplyWritten, recorded: Recorded, page: Page, people: Iterable[Address]
) -> None:
    conversation, message, customer = str(event.conversation), str(event.message), str(recorded.stream)
    reference = known(event.message_ref)
    page.upsert(conversations, conversation, {"customer": customer, "message": message})
    if reference:
        where: dict[str, Value] = {
            "customer": customer,
            "conversation": conversation,
            "position": recorded.position,
        }
        page.add(references, message, {"message_ref": reference, **where})
    for person in people:
        if person.address:
            page.add(participants, (conversation, plain_address(person.address)), {"customer": customer})


def forget(customer: str) -> Iterator[Executable]:
    """An erased customer's letters are no evidence for anybody any more; the conversation's owner is still known."""
    yield delete(references).where(references.c.customer == customer)
    yield delete(participants).where(participants.c.customer == customer)


projection = Projection(
    name="threads",
    version=1,
    tables=(references, conversations, participants),
    project=project,
    forget=forget,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsView:
    """The `Threads` port over the views file."""

    readers: Engine

    async def by_references(self, references: Sequence[str]) -> Sequence[Thread]:
        """Every letter with one of these Message-IDs, in the order asked for, the earliest first among equals."""
        return await asyncio.to_thread(self._ask, lambda connection: by_references(connection, references))

    async def by_conversation(self, conversation: ConversationId) -> Thread | None:
        """Whose conversation it is; `message` is its last one."""
        found = await asyncio.to_thread(
            self._ask, lambda connection: by_conversation(connection, conversation)
        )
        return found[0] if found else None

    def _ask(self, question: Any) -> list[Thread]:
        with self.readers.connect() as connection:
            answer: list[Thread] = question(connection)
            return answer


MOST_REFERENCES = 100
"""A letter may name thousands; the caller asks for the nearest first."""


def by_references(connection: Connection, wanted: Sequence[str]) -> list[Thread]:
    asked = list(dict.fromkeys(wanted))[:MOST_REFERENCES]
    query = select(references).where(references.c.message_ref.in_(asked)).order_by(references.c.position)
    rows = sorted(connection.execute(query).mappings(), key=lambda row: asked.index(row["message_ref"]))
    who = people(connection, {row["conversation"] for row in rows})
    return [thread(row, who) for row in rows]


def by_conversation(connection: Connection, conversation: ConversationId) -> list[Thread]:
    """One or none; a conversation without a letter yet is none."""
    query = select(conversations).where(conversations.c.conversation == str(conversation))
    rows = [row for row in connection.execute(query).mappings() if row["message"]]
    return [thread(row, people(connection, {str(conversation)})) for row in rows]


def people(connection: Connection, of: Iterable[str]) -> dict[str, frozenset[str]]:
    query = select(participants.c.conversation, participants.c.address).where(
        participants.c.conversation.in_(list(of))
    )
    found: dict[str, set[str]] = {}
    for conversation, address in connection.execute(query):
        found.setdefault(conversation, set()).add(address)
    return {conversation: frozenset(addresses) for conversation, addresses in found.items()}


def thread(row: Any, who: dict[str, frozenset[str]]) -> Thread:
    return Thread(
        customer=CustomerId(UUID(row["customer"])),
        conversation=ConversationId(UUID(row["conversation"])),
        message=MessageId(UUID(row["message"])),
        participants=who.get(row["conversation"], frozenset()),
    )
