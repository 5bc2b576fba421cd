"""State machines: whatever is asked in whatever order, the record and the leases agree with a model of a few lines."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hub.app.ports import AlreadyDone, Appended, Conflict, Mark, Release, Request, Take, Taken
from hub.domain.ids import StreamId
from infra.codec import MemoryRing
from infra.desktables import open_desk
from infra.desktables.file import open_postgres_desk
from infra.desktables.memory import MemoryLeases
from infra.eventlog import MemoryLog, open_log
from infra.keys import MemoryKeys
from tests.conftest import LONG
from tests.contracts.eventlog_examples import names_of, request, write
from tests.length import short_or_long

pytestmark = pytest.mark.timeout(short_or_long(60, 3600))

EXAMPLES = settings(
    max_examples=400 if LONG else 12,
    stateful_step_count=50 if LONG else 20,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
CONTROL = settings(EXAMPLES, phases=[Phase.generate])
"""That it is noticed is enough: the shortest example need not be found."""

STREAMS = [StreamId(UUID(int=number)) for number in (1, 2, 3)]
KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]
MARKS = ["imap:support", "policy:acknowledge"]

streams, keys = st.sampled_from(STREAMS), st.sampled_from(KEYS)
writes = st.builds(
    lambda stream, late, count: (stream, late, count),
    streams,
    st.sampled_from([0, 0, 0, 1]),
    st.integers(0, 3),
)
asked = st.fixed_dictionaries(
    {
        "writes": st.lists(writes, max_size=3),
        "once": st.lists(keys, max_size=2, unique=True),
        "claims": st.lists(st.tuples(st.booleans(), keys, streams), max_size=2),
        "marks": st.lists(
            st.tuples(st.sampled_from(MARKS), st.booleans(), st.sampled_from("ab")), max_size=1
        ),
    }
)


@dataclass
class Model:
    """Record rules 7 and 8 over plain dicts, one request after the other."""

    facts: list[tuple[StreamId, str]] = field(default_factory=list)
    versions: dict[StreamId, int] = field(default_factory=dict)
    once: dict[bytes, int] = field(default_factory=dict)
    claims: dict[bytes, StreamId] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def answer(self, asked: Request) -> Any:
        if seen := tuple(self.once[key] for key in asked.once if key in self.once):
            return AlreadyDone(positions=seen)
        versions, claims, marks = dict(self.versions), dict(self.claims), dict(self.marks)
        facts = list(self.facts)
        for one in asked.writes:
            if versions.get(one.stream, 0) != one.expected:
                return Conflict(stream=one.stream, actual=versions.get(one.stream, 0))
            facts += [(one.stream, event.name) for event in one.events]
            versions[one.stream] = one.expected + len(one.events)
        for wish in asked.claims:
            holder = claims.get(wish.key)
            if isinstance(wish, Take):
                if holder not in (None, wish.stream):
                    return Taken(key=wish.key, holder=holder)
                claims[wish.key] = wish.stream
            elif holder == wish.stream:
                del claims[wish.key]
        for mark in asked.marks:
            if marks.get(mark.name) != mark.expected:
                return Conflict(stream=None)
            marks[mark.name] = mark.new
        before = len(self.facts)
        self.facts, self.versions, self.claims, self.marks = facts, versions, claims, marks
        self.once |= dict.fromkeys(asked.once, before + 1 if len(facts) > before else 0)
        return Appended(positions=tuple(range(before + 1, len(facts) + 1)))


class RecordMachine(RuleBasedStateMachine):
    """Batches of requests, most of them expecting what the model knows, and reopening in between."""

    async def open(self) -> Any:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.ring, self.model, self.number = MemoryRing(), Model(), 0
        self.loop = asyncio.Runner()
        self.log = self.loop.run(self.open())

    def teardown(self) -> None:
        self.loop.run(self.log.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def requested(self, wish: dict[str, Any]) -> Request:
        standing = dict(self.model.versions)
        made = []
        for stream, late, count in wish["writes"]:
            self.number += 1
            expected = standing.get(stream, 0) + late
            standing[stream] = expected + count
            made.append(write(stream, expected, *(f"{self.number}.{nth}" for nth in range(count))))
        return request(
            *made,
            once=tuple(wish["once"]),
            claims=tuple((Take if take else Release)(key=key, stream=to) for take, key, to in wish["claims"]),
            marks=tuple(
                Mark(name=name, expected=self.model.marks.get(name) if fits else "stale", new=new)
                for name, fits, new in wish["marks"]
            ),
        )

    @rule(wishes=st.lists(asked, min_size=1, max_size=4))
    def ask_together(self, wishes: list[dict[str, Any]]) -> None:
        """In one batch, so that each must see those accepted before it."""
        together = [self.requested(wish) for wish in wishes]

        async def answered() -> Any:
            return await asyncio.gather(*map(self.log.append, together))

        assert self.loop.run(answered()) == [self.model.answer(one) for one in together]

    @invariant()
    def it_stands_as_the_model_does(self) -> None:
        facts = self.loop.run(self.log.read_all())
        assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
        assert [(fact.stream, fact.event.name) for fact in facts] == self.model.facts
        for key in KEYS:
            assert self.loop.run(self.log.holder(key)) == self.model.claims.get(key)
            assert self.loop.run(self.log.seen(key)) == self.model.once.get(key)
        for name in MARKS:
            assert self.loop.run(self.log.mark(name)) == self.model.marks.get(name)

    @invariant()
    def streams_have_no_holes(self) -> None:
        for stream in STREAMS:
            facts = self.loop.run(self.log.read_stream(stream))
            assert [fact.version for fact in facts] == list(range(1, self.model.versions.get(stream, 0) + 1))
            assert names_of(facts) == [name for of, name in self.model.facts if of == stream]


class InMemory(RecordMachine):
    async def open(self) -> Any:
        return MemoryLog(self.ring)


class InFile(RecordMachine):
    async def open(self) -> Any:
        return await open_log(self.folder / "log.sqlite", self.ring)

    @rule()
    def reopen(self) -> None:
        self.loop.run(self.log.close())
        self.log = self.loop.run(self.open())


@pytest.mark.parametrize("machine", [InMemory, InFile])
def test_the_record_answers_as_its_model(machine):
    run_state_machine_as_test(machine, settings=EXAMPLES)


class Forgetful(InMemory):
    """A record that forgets its once-keys: what the machine has to notice."""

    async def open(self) -> Any:
        log = MemoryLog(self.ring)
        log.store.standing.once = _Nothing()
        return log


class _Nothing(dict[bytes, int]):
    def update(self, *given: Any, **more: Any) -> None: ...


def test_the_machine_notices_a_record_that_forgets_its_keys():
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Forgetful, settings=CONTROL)


HOLDERS = st.sampled_from(["north", "south", "west"])


class LeaseMachine(RuleBasedStateMachine):
    """Holders that take, renew, release and let time pass: never two at once, and fences only grow."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.loop = asyncio.Runner()
        self.holder, self.until, self.fence = "", self.now, 0
        self.fences: dict[str, int] = {}
        self.leases = self.open()

    def open(self) -> Any:
        return MemoryLeases(lambda: self.now)

    def teardown(self) -> None:
        self.loop.close()

    @property
    def is_held(self) -> bool:
        return bool(self.holder) and self.until > self.now

    @rule(holder=HOLDERS, seconds=st.integers(1, 30))
    def take(self, holder: str, seconds: int) -> None:
        fence = self.loop.run(self.leases.take("mailbox", holder, seconds))
        if self.is_held and self.holder != holder:
            assert fence is None
            return
        assert fence == self.fence + 1
        self.holder, self.until, self.fence = holder, self.now + timedelta(seconds=seconds), fence
        self.fences[holder] = fence

    @rule(holder=HOLDERS, seconds=st.integers(1, 30))
    def renew(self, holder: str, seconds: int) -> None:
        mine = self.fences.get(holder, 0)
        is_mine = self.is_held and (self.holder, self.fence) == (holder, mine)
        assert self.loop.run(self.leases.renew("mailbox", holder, mine, seconds)) is is_mine
        if is_mine:
            self.until = self.now + timedelta(seconds=seconds)

    @rule(holder=HOLDERS)
    def release(self, holder: str) -> None:
        mine = self.fences.get(holder, 0)
        self.loop.run(self.leases.release("mailbox", holder, mine))
        if (self.holder, self.fence) == (holder, mine):
            self.until = self.now

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


class LeasesInFile(LeaseMachine):
    def open(self) -> Any:
        self.folder = Path(tempfile.mkdtemp())
        self.desk = open_desk(self.folder / "desk.sqlite", MemoryKeys(), lambda: self.now)
        return self.desk.leases

    def teardown(self) -> None:
        self.desk.close()
        super().teardown()
        shutil.rmtree(self.folder)


class LeasesInDatabase(LeaseMachine):
    url = ""

    def open(self) -> Any:
        keys, clock = MemoryKeys(), lambda: self.now
        self.desk = open_postgres_desk(self.url, keys, clock, lease_clock=clock, is_durable=False)
        self.desk.file.do_now(lambda db: db.execute("DELETE FROM leases"))
        return self.desk.leases

    def teardown(self) -> None:
        self.desk.close()
        super().teardown()


def test_in_a_database_too(postgres_url, monkeypatch):
    monkeypatch.setattr(LeasesInDatabase, "url", postgres_url)
    run_state_machine_as_test(LeasesInDatabase, settings=EXAMPLES)


@pytest.mark.parametrize("machine", [LeaseMachine, LeasesInFile])
def test_one_holder_at_a_time_and_fences_grow(machine):
    run_state_machine_as_test(machine, settings=EXAMPLES)


class Generous(LeaseMachine):
    """Leases that never say no: what the machine has to notice."""

    def open(self) -> Any:
        class Always(MemoryLeases):
            async def take(self, name: str, holder: str, seconds: float) -> int | None:
                _, fence, until = self.held.get(name, (holder, 0, self.clock()))
                self.held[name] = (holder, fence, until)
                return await super().take(name, holder, seconds)

        return Always(lambda: self.now)


def test_the_machine_notices_leases_that_never_say_no():
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Generous, settings=CONTROL)
