"""What agents are writing, sealed under the customer's key."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.app.ports import Draft
from hub.domain.errors import CustomerErased
from hub.domain.ids import AgentId, ConversationId, CustomerId
from infra.rows import Rows

Row = tuple[str, str, str, bytes, float]

PUT = (
    "INSERT INTO drafts (agent, conversation, customer, sealed, saved_at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (agent, conversation) DO UPDATE SET "
    "customer = excluded.customer, sealed = excluded.sealed, saved_at = excluded.saved_at"
)
OF_AGENT = (
    "SELECT agent, conversation, customer, sealed, saved_at FROM drafts WHERE agent = ? AND conversation = ?"
)
OF_CONVERSATION = "SELECT agent, conversation, customer, sealed, saved_at FROM drafts WHERE conversation = ? ORDER BY saved_at"
ALL = "SELECT agent, conversation, customer, sealed, saved_at FROM drafts"
DISCARD = "DELETE FROM drafts WHERE agent = ? AND conversation = ?"
FORGET = "DELETE FROM drafts WHERE customer = ?"


class CustomerKeys(Protocol):
    """What drafts need of the keys."""

    def key(self, key_id: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class DraftTable:
    """One draft per agent and conversation. Without the customer's key there is none."""

    file: Rows
    keys: CustomerKeys

    async def save(self, customer: CustomerId, draft: Draft) -> None:
        """Raises `CustomerErased` when the customer has no key any more."""
        sealed = _seal(await asyncio.to_thread(self.keys.key, str(customer)), draft)
        row = (str(draft.agent), str(draft.conversation), str(customer), sealed, draft.saved_at.timestamp())
        await self.file.do(lambda db: db.execute(PUT, row))

    async def load(self, agent: AgentId, conversation: ConversationId) -> Draft | None:
        found = await self._rows(OF_AGENT, str(agent), str(conversation))
        return found[0] if found else None

    async def discard(self, agent: AgentId, conversation: ConversationId) -> None:
        await self._delete(DISCARD, str(agent), str(conversation))

    async def of_conversation(self, conversation: ConversationId) -> Sequence[Draft]:
        return await self._rows(OF_CONVERSATION, str(conversation))

    async def everyone(self) -> Sequence[Draft]:
        """Every draft that still opens; a sweep must spare the files they name."""
        return await self._rows(ALL)

    async def forget(self, customer: CustomerId) -> None:
        await self._delete(FORGET, str(customer))

    async def _rows(self, sql: str, *values: str) -> list[Draft]:
        rows: list[Row] = await self.file.do(lambda db: db.execute(sql, values).fetchall())
        return await asyncio.to_thread(self._opened, rows)

    def _opened(self, rows: Sequence[Row]) -> list[Draft]:
        """Beside the event loop: a key may have to be fetched from a database."""
        return [draft for row in rows if (draft := _opened(self.keys.key(row[2]), row))]

    async def _delete(self, sql: str, *values: str) -> None:
        await self.file.do(lambda db: db.execute(sql, values))


def _seal(key: bytes | None, draft: Draft) -> bytes:
    if key is None:
        raise CustomerErased
    iv = secrets.token_bytes(12)
    return iv + AESGCM(key).encrypt(iv, draft.body, _bound_to(str(draft.agent), str(draft.conversation)))


def _opened(key: bytes | None, row: Row) -> Draft | None:
    agent, conversation, _, sealed, saved_at = row
    if key is None:
        return None
    return Draft(
        agent=AgentId(UUID(agent)),
        conversation=ConversationId(UUID(conversation)),
        body=AESGCM(key).decrypt(sealed[:12], sealed[12:], _bound_to(agent, conversation)),
        saved_at=datetime.fromtimestamp(saved_at, UTC),
    )


def _bound_to(agent: str, conversation: str) -> bytes:
    return f"amends draft v1 {agent} {conversation}".encode()
