"""Desk tables that live as long as the process: the working doubles, held to the same contract suite."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from hub.app.ports import Answered, Clock, Credential, Draft, Session
from hub.domain.errors import CustomerErased
from hub.domain.ids import AgentId, ConversationId, CustomerId
from infra.desktables.access import ABSOLUTE, IDLE, TOUCH_EVERY, LoginTaken
from infra.desktables.drafts import CustomerKeys
from infra.desktables.work import KEEP_ANSWERS


@dataclass(slots=True)
class MemoryCredentials:
    held: dict[AgentId, Credential] = field(default_factory=dict)

    async def put(self, credential: Credential) -> None:
        found = await self.find(credential.login)
        if found and found.agent != credential.agent:
            raise LoginTaken
        self.held[credential.agent] = credential

    async def find(self, login: str) -> Credential | None:
        return next((one for one in self.held.values() if one.login == login), None)

    async def remove(self, agent: AgentId) -> None:
        self.held.pop(agent, None)


@dataclass(slots=True)
class MemorySessions:
    held: dict[str, Session] = field(default_factory=dict)

    async def start(self, agent: AgentId, now: datetime) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        self.held[token] = Session(agent=agent, csrf=secrets.token_urlsafe(32), created_at=now, seen_at=now)
        return token, self.held[token]

    async def find(self, token: str, now: datetime) -> Session | None:
        session = self.held.get(token)
        if session is None or now - session.seen_at >= IDLE or now - session.created_at >= ABSOLUTE:
            self.held.pop(token, None)
            return None
        if now - session.seen_at >= TOUCH_EVERY:
            self.held[token] = replace(session, seen_at=now)
        return self.held[token]

    async def end(self, token: str) -> None:
        self.held.pop(token, None)

    async def end_all(self, agent: AgentId) -> None:
        self.held = {token: one for token, one in self.held.items() if one.agent != agent}

    async def standing(self) -> Set[str]:
        return {sha256(token.encode()).hexdigest() for token in self.held}


@dataclass(slots=True)
class MemoryDrafts:
    keys: CustomerKeys
    held: dict[tuple[AgentId, ConversationId], tuple[CustomerId, Draft]] = field(default_factory=dict)

    async def save(self, customer: CustomerId, draft: Draft) -> None:
        if self.keys.key(str(customer)) is None:
            raise CustomerErased
        self.held[draft.agent, draft.conversation] = (customer, draft)

    async def load(self, agent: AgentId, conversation: ConversationId) -> Draft | None:
        return next((one for one in await self.of_conversation(conversation) if one.agent == agent), None)

    async def discard(self, agent: AgentId, conversation: ConversationId) -> None:
        self.held.pop((agent, conversation), None)

    async def of_conversation(self, conversation: ConversationId) -> Sequence[Draft]:
        found = [one for customer, one in self.held.values() if self.keys.key(str(customer))]
        return sorted(
            (one for one in found if one.conversation == conversation), key=lambda one: one.saved_at
        )

    async def forget(self, customer: CustomerId) -> None:
        self.held = {place: kept for place, kept in self.held.items() if kept[0] != customer}


@dataclass(slots=True)
class MemoryLeases:
    clock: Clock
    held: dict[str, tuple[str, int, datetime]] = field(default_factory=dict)

    async def take(self, name: str, holder: str, seconds: float) -> int | None:
        now = self.clock()
        by, fence, until = self.held.get(name, (holder, 0, now))
        if by != holder and until > now:
            return None
        self.held[name] = (holder, fence + 1, now + timedelta(seconds=seconds))
        return fence + 1

    async def renew(self, name: str, holder: str, fence: int, seconds: float) -> bool:
        now = self.clock()
        by, number, until = self.held.get(name, ("", 0, now))
        if (by, number) != (holder, fence) or until <= now:
            return False
        self.held[name] = (holder, fence, now + timedelta(seconds=seconds))
        return True

    async def release(self, name: str, holder: str, fence: int) -> None:
        if self.held.get(name, ("", 0))[:2] == (holder, fence):
            self.held[name] = (holder, fence, self.clock())


@dataclass(slots=True)
class MemoryAnswers:
    clock: Clock
    held: dict[str, tuple[bytes, Answered, datetime]] = field(default_factory=dict)

    async def find(self, key: str) -> tuple[bytes, Answered] | None:
        fingerprint, answered, kept_at = self.held.get(key, (b"", None, self.clock()))
        return (fingerprint, answered) if answered and self.clock() - kept_at < KEEP_ANSWERS else None

    async def keep(self, key: str, fingerprint: bytes, answered: Answered) -> None:
        if await self.find(key) is None:
            self.held[key] = (fingerprint, answered, self.clock())


@dataclass(slots=True)
class MemoryCounters:
    held: Counter[str] = field(default_factory=Counter)

    async def next(self, name: str) -> int:
        self.held[name] += 1
        return self.held[name]
