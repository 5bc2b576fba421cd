"""Every implementation of a desk table keeps these promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app.ports import Answered, Credential, Draft
from hub.domain.errors import CustomerErased
from hub.domain.ids import AgentId, ConversationId, CustomerId, StreamId
from hub.web.guard import fingerprint
from infra.desktables import SlidingLimits, open_desk
from infra.desktables.access import LoginTaken
from infra.desktables.file import open_postgres_desk
from infra.desktables.memory import (
    MemoryAnswers,
    MemoryCounters,
    MemoryCredentials,
    MemoryDrafts,
    MemoryLeases,
    MemorySessions,
)
from infra.keys import MemoryKeys

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Tables:
    keys: MemoryKeys
    credentials: Any
    sessions: Any
    drafts: Any
    leases: Any
    answers: Any
    counters: Any
    now: datetime = field(default=NOON)

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture(params=["file", "memory", "postgres"])
async def tables(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Tables]:
    keys = MemoryKeys()

    def clock() -> datetime:
        return made.now

    if request.param == "memory":
        made = Tables(
            keys,
            MemoryCredentials(),
            MemorySessions(),
            MemoryDrafts(keys),
            MemoryLeases(clock),
            MemoryAnswers(clock),
            MemoryCounters(),
        )
        yield made
        return
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        desk = open_postgres_desk(url, keys, clock, lease_clock=clock, is_durable=False)
    else:
        desk = open_desk(tmp_path / "desk", keys, clock)
    made = Tables(
        keys, desk.credentials, desk.sessions, desk.drafts, desk.leases, desk.answers, desk.counters
    )
    yield made
    desk.close()


def agent() -> AgentId:
    return AgentId(uuid4())


async def test_a_credential_is_found_by_login_until_removed(tables: Tables) -> None:
    mine = Credential(agent=agent(), login="ana@shop.example", secret_hash="$argon2id$…")
    await tables.credentials.put(mine)
    assert await tables.credentials.find("ana@shop.example") == mine
    assert await tables.credentials.find("bo@shop.example") is None
    await tables.credentials.remove(mine.agent)
    assert await tables.credentials.find("ana@shop.example") is None


async def test_a_new_secret_replaces_the_old_and_a_login_has_one_agent(tables: Tables) -> None:
    mine = Credential(agent=agent(), login="ana@shop.example", secret_hash="old")
    await tables.credentials.put(mine)
    await tables.credentials.put(Credential(agent=mine.agent, login="ana@shop.example", secret_hash="new"))
    with pytest.raises(LoginTaken):
        await tables.credentials.put(
            Credential(agent=agent(), login="ana@shop.example", secret_hash="theirs")
        )
    found = await tables.credentials.find("ana@shop.example")
    assert (found.agent, found.secret_hash) == (mine.agent, "new")


async def test_a_session_is_found_by_its_token_only(tables: Tables) -> None:
    ana = agent()
    token, session = await tables.sessions.start(ana, NOON)
    assert len(token) >= 43 and len(session.csrf) >= 43
    assert await tables.sessions.find(token, NOON) == session
    assert await tables.sessions.find(token + "x", NOON) is None


async def test_a_session_ends_after_thirty_idle_minutes(tables: Tables) -> None:
    token, _ = await tables.sessions.start(agent(), NOON)
    assert await tables.sessions.find(token, NOON + timedelta(minutes=29))
    assert await tables.sessions.find(token, NOON + timedelta(minutes=58))
    assert await tables.sessions.find(token, NOON + timedelta(minutes=88)) is None
    assert await tables.sessions.find(token, NOON) is None


async def test_a_session_ends_after_twelve_busy_hours(tables: Tables) -> None:
    token, _ = await tables.sessions.start(agent(), NOON)
    for quarter in range(47):
        assert await tables.sessions.find(token, NOON + timedelta(minutes=15 * (quarter + 1)))
    assert await tables.sessions.find(token, NOON + timedelta(hours=12)) is None


async def test_which_sessions_stand_is_told_without_their_tokens(tables: Tables) -> None:
    ana, bo = agent(), agent()
    first, second, other = [(await tables.sessions.start(who, NOON))[0] for who in (ana, ana, bo)]
    assert await tables.sessions.standing() == set(map(fingerprint, (first, second, other)))
    await tables.sessions.end(first)
    await tables.sessions.end_all(bo)
    assert await tables.sessions.standing() == {fingerprint(second)}


async def test_ending_sessions_ends_one_or_all(tables: Tables) -> None:
    ana, bo = agent(), agent()
    first, second, other = [(await tables.sessions.start(who, NOON))[0] for who in (ana, ana, bo)]
    await tables.sessions.end(first)
    assert await tables.sessions.find(first, NOON) is None and await tables.sessions.find(second, NOON)
    await tables.sessions.end_all(ana)
    assert await tables.sessions.find(second, NOON) is None and await tables.sessions.find(other, NOON)


def draft(of: AgentId, conversation: ConversationId, body: bytes = b'{"text":"Dear Ana"}') -> Draft:
    return Draft(agent=of, conversation=conversation, body=body, saved_at=NOON)


async def customer_of(tables: Tables) -> CustomerId:
    customer = CustomerId(uuid4())
    await tables.keys.ensure(StreamId(customer))
    return customer


async def test_a_draft_is_kept_replaced_and_discarded(tables: Tables) -> None:
    customer, ana, place = await customer_of(tables), agent(), ConversationId(uuid4())
    await tables.drafts.save(customer, draft(ana, place))
    await tables.drafts.save(customer, draft(ana, place, b"second"))
    assert await tables.drafts.load(ana, place) == draft(ana, place, b"second")
    assert await tables.drafts.load(agent(), place) is None
    await tables.drafts.discard(ana, place)
    assert await tables.drafts.load(ana, place) is None


async def test_everybody_writing_in_a_conversation_is_listed(tables: Tables) -> None:
    customer, place = await customer_of(tables), ConversationId(uuid4())
    for who in (agent(), agent()):
        await tables.drafts.save(customer, draft(who, place))
    await tables.drafts.save(customer, draft(agent(), ConversationId(uuid4())))
    assert len(await tables.drafts.of_conversation(place)) == 2


async def test_drafts_go_with_the_customer(tables: Tables) -> None:
    customer, other, ana = await customer_of(tables), await customer_of(tables), agent()
    here, there = ConversationId(uuid4()), ConversationId(uuid4())
    await tables.drafts.save(customer, draft(ana, here))
    await tables.drafts.save(other, draft(ana, there))
    await tables.drafts.forget(customer)
    assert await tables.drafts.load(ana, here) is None
    assert await tables.drafts.load(ana, there) is not None


async def test_a_draft_neither_opens_nor_is_saved_without_the_customers_key(tables: Tables) -> None:
    customer, ana, place = await customer_of(tables), agent(), ConversationId(uuid4())
    await tables.drafts.save(customer, draft(ana, place))
    await tables.keys.destroy([str(customer)])
    assert await tables.drafts.load(ana, place) is None
    assert await tables.drafts.of_conversation(place) == []
    with pytest.raises(CustomerErased):
        await tables.drafts.save(customer, draft(ana, place))


async def test_drafts_are_sealed_on_disk(tmp_path: Path) -> None:
    keys = MemoryKeys()
    customer = CustomerId(uuid4())
    await keys.ensure(StreamId(customer))
    desk = open_desk(tmp_path / "desk", keys, lambda: NOON)
    await desk.drafts.save(customer, draft(agent(), ConversationId(uuid4())))
    assert b"Dear Ana" not in everything_in(tmp_path)
    desk.close()


async def test_a_lease_has_one_holder_and_a_growing_fence(tables: Tables) -> None:
    assert await tables.leases.take("deliver", "a", 60) == 1
    assert await tables.leases.take("deliver", "b", 60) is None
    tables.later(seconds=61)
    assert await tables.leases.take("deliver", "b", 60) == 2
    assert not await tables.leases.renew("deliver", "a", 1, 60)
    assert await tables.leases.renew("deliver", "b", 2, 60)


async def test_a_released_lease_is_free_and_its_fence_goes_on(tables: Tables) -> None:
    fence = await tables.leases.take("deliver", "a", 60)
    await tables.leases.release("deliver", "b", fence)
    assert await tables.leases.take("deliver", "b", 60) is None
    await tables.leases.release("deliver", "a", fence)
    assert not await tables.leases.renew("deliver", "a", fence, 60)
    assert await tables.leases.take("deliver", "b", 60) == 2


async def test_a_lease_that_ran_out_can_not_be_renewed(tables: Tables) -> None:
    fence = await tables.leases.take("deliver", "a", 60)
    tables.later(seconds=60)
    assert not await tables.leases.renew("deliver", "a", fence, 60)


async def test_twenty_at_once_get_one_lease(tables: Tables) -> None:
    fences = await asyncio.gather(*(tables.leases.take("deliver", str(n), 60) for n in range(20)))
    assert [fence for fence in fences if fence] == [1]


async def test_the_first_answer_to_a_key_stays_for_a_day(tables: Tables) -> None:
    first = Answered(status=201, ids={"message": "1"})
    await tables.answers.keep("k", b"print", first)
    await tables.answers.keep("k", b"other", Answered(status=500))
    assert await tables.answers.find("k") == (b"print", first)
    tables.later(hours=24)
    assert await tables.answers.find("k") is None
    await tables.answers.keep("k", b"other", Answered(status=200))
    assert await tables.answers.find("k") == (b"other", Answered(status=200))


async def test_a_counter_never_repeats(tables: Tables) -> None:
    numbers = await asyncio.gather(*(tables.counters.next("C-2026") for _ in range(30)))
    assert sorted(numbers) == list(range(1, 31))
    assert await tables.counters.next("C-2027") == 1


async def test_a_limit_slides() -> None:
    now = 0.0
    limits = SlidingLimits(clock=lambda: now)
    assert [await limits.allow("ana", 2, 60) for _ in range(3)] == [True, True, False]
    assert await limits.allow("bo", 2, 60)
    now = 60.0
    assert await limits.allow("ana", 2, 60)


async def test_a_flood_of_keys_fills_no_memory() -> None:
    limits = SlidingLimits(size=10)
    for n in range(1_000):
        await limits.allow(str(n), 1, 60)
    assert len(limits._came) <= 10


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
