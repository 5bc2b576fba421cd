"""What the walk of a letter needs on every step: the ports, and the two ways to put something about it on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from hub.app.addressing import Addressing
from hub.app.arrivals import Arrival, Fingerprint, Landed, OnceKeys
from hub.app.kinds import ACCOUNT, CUSTOMER
from hub.app.ports import (
    Clock,
    Complaints,
    Envelope,
    EventLog,
    Keys,
    Readers,
    Secrets,
    Thread,
    Threads,
    Vault,
    Views,
)
from hub.app.recent import Recent
from hub.app.transact import Done, Plan, Transactor
from hub.domain.conversation.commands import RecordBounce, SeeAgain
from hub.domain.customer.decisions import decide
from hub.domain.customer.state import CustomerState
from hub.domain.ids import CommandId, ConversationId, CustomerId, MessageId, Position, StreamId
from hub.domain.vocabulary import Actor

INTAKE: Final = Actor(kind="system", id="intake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The ports of the walk.

    `fingerprint`: a letter's bytes without what every hop adds. `is_ours`: whether a message is a letter of ours.
    """

    log: EventLog
    vault: Vault
    keys: Keys
    secrets: Secrets
    readers: Readers
    threads: Threads
    complaints: Complaints
    views: Views
    transactor: Transactor
    addressing: Addressing
    fingerprint: Fingerprint
    is_ours: Callable[[MessageId], Awaitable[bool]]
    clock: Clock
    recent: Recent = field(default_factory=Recent)

    async def letter_of_ours(self, references: Sequence[str]) -> Thread | None:
        """The first letter of ours that goes by one of these Message-IDs; what a customer calls a letter is none."""
        for hit in await self.threads.by_references(references):
            if await self.is_ours(hit.message):
                return hit
        return None

    async def note(
        self,
        command: SeeAgain | RecordBounce,
        customer: CustomerId,
        once: tuple[bytes, ...],
        envelope: Envelope,
    ) -> Done[CustomerState]:
        """A fact about an earlier letter of this customer; a report may be on one that a closed complaint stands on."""

        def plan(state: CustomerState) -> Plan:
            return Plan(events=tuple(decide(command, state, self.clock())), once=once)

        items = await self._about(command.conversation) if isinstance(command, RecordBounce) else ()
        return await self.transactor.transact(CUSTOMER, StreamId(customer), plan, envelope, items=items)

    async def _about(self, conversation: ConversationId) -> tuple[UUID, ...]:
        return (conversation, *await self.complaints.raised_in(conversation))

    async def file(
        self, arrival: Arrival, keys: OnceKeys, event: object, ending: Literal["parked", "echo"]
    ) -> Landed:
        """A fact of the account: the letter belongs to no customer, or not yet."""
        plan = Plan(events=(event,), once=keys.all)
        done = await self.transactor.transact(
            ACCOUNT, StreamId(arrival.inbox.account), lambda _: plan, self.envelope(keys)
        )
        return Landed(ending=ending, position=done.position)

    def envelope(self, keys: OnceKeys, actor: Actor = INTAKE, cause: Position | None = None) -> Envelope:
        """The same letter is the same command, however often it is tried."""
        command = CommandId(self.secrets.derived("take in", keys.letter, keys.delivery))
        return Envelope(actor=actor, command=command, cause=cause)
