"""Threads: from Message-IDs, ours and the customers', to conversations, and who takes part in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    Column,
    Executable,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
)

from hub.app.ports import Recorded, Thread
from hub.domain.conversation import events as c
from hub.domain.ids import ConversationId, CustomerId, MessageId
from hub.domain.letters import Address
from projections.dialect import Lookup
from projections.page import Page, Value
from projections.projection import Projection, Subscriptions, known, plain_address, text_of

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
    page.upsert(conversations, text_of(event.conversation), {"customer": text_of(recorded.stream)})


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
    conversation, message, customer = (
        text_of(event.conversation),
        text_of(event.message),
        text_of(recorded.stream),
    )
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


NAMED = (
    select(references).where(references.c.message_ref == bindparam("name")).order_by(references.c.position)
)
CALLED = select(conversations).where(conversations.c.conversation == bindparam("conversation"))
PEOPLE = select(participants.c.address).where(participants.c.conversation == bindparam("conversation"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsView:
    """The `Threads` port over the views."""

    lookup: Lookup

    async def by_references(self, references: Sequence[str]) -> Sequence[Thread]:
        """Every letter with one of these Message-IDs, in the order asked for, the earliest first among equals."""
        return [
            await self._thread(customer, conversation, message)
            for name in list(dict.fromkeys(references))[:MOST_REFERENCES]
            for message, _, customer, conversation, _ in await self.lookup.rows(NAMED, {"name": name})
        ]

    async def by_conversation(self, conversation: ConversationId) -> Thread | None:
        """Whose conversation it is; `message` is its last one. One without a letter yet is none."""
        named = {"conversation": str(conversation)}
        for called, customer, message in await self.lookup.rows(CALLED, named):
            return await self._thread(customer, called, message) if message else None
        return None

    async def _thread(self, customer: str, conversation: str, message: str) -> Thread:
        people = await self.lookup.rows(PEOPLE, {"conversation": conversation})
        return Thread(
            customer=CustomerId(UUID(customer)),
            conversation=ConversationId(UUID(conversation)),
            message=MessageId(UUID(message)),
            participants=frozenset(address for (address,) in people),
        )


MOST_REFERENCES = 100
"""A letter may name thousands; the caller asks for the nearest first."""
