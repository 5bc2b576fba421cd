"""The rules of `docs/record.md`, one test or more for each that the log, the codec, `transact` and the state cache keep."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sqlite3
import stat
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.app.kinds import CUSTOMER
from hub.app.ports import AlreadyDone, Appended, Conflict, Mark, Release, Request, Take, Write
from hub.app.statecache import StateCache, Stored, dump
from hub.app.transact import ClaimTaken, OutOfDate, Plan, Transactor
from hub.domain.conversation.events import ConversationOpened, ConversationReopened, ConversationResolved
from hub.domain.conversation.state import Conversation
from hub.domain.customer.events import CustomerErased, CustomerNamed, CustomerOpened
from hub.domain.customer.state import fold
from hub.domain.errors import Busy, NothingToSay
from hub.domain.ids import AccountId, ConversationId
from infra.codec import Codec, MemoryRing, compression, pack
from infra.db import FULL, UnsafeStore, open_reader, open_writer, refuse_unsafe
from infra.eventlog import MemoryLog, open_log, renew_incarnation
from tests.contracts.eventlog_examples import (
    ADA,
    BEN,
    KEY,
    OTHER_KEY,
    envelope,
    named,
    names_of,
    request,
    write,
)


@pytest.fixture
def ring():
    return MemoryRing()


@pytest.fixture
async def log(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    yield log
    await log.close()


@pytest.fixture
def transactor(log, ring):
    return Transactor(log, ring, StateCache(log), random.Random(1))


def by_hand(tmp_path):
    return sqlite3.connect(tmp_path / "log.db")


# --- Files and order ---


async def test_rule_1_one_durable_writer_and_readers_that_only_read(log, tmp_path):
    db = log._committer._store._db
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (FULL,)
    assert db.execute("PRAGMA secure_delete").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await log._reading.ask(lambda reader: reader.execute("DELETE FROM head"))
    assert stat.S_IMODE((tmp_path / "log.db").stat().st_mode) == 0o600


def test_rule_1_a_file_is_created_with_extra_syncs_before_the_switch_to_wal(tmp_path, monkeypatch):
    said: list[str] = []

    class Listening(sqlite3.Connection):
        def execute(self, statement, *args):
            said.append(statement)
            return super().execute(statement, *args)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Listening, **more))
    open_writer(tmp_path / "new.db", durable=True).close()
    order = ["PRAGMA synchronous = EXTRA", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"]
    assert [one for one in said if one in order] == order


def test_rule_1_unsafe_settings_are_refused_by_name(tmp_path):
    db = open_writer(tmp_path / "log.db", durable=False)
    with pytest.raises(UnsafeStore, match=r"synchronous is NORMAL\. Set it to FULL"):
        refuse_unsafe(db, tmp_path / "log.db", least=FULL)
    other = sqlite3.connect(":memory:")
    with pytest.raises(UnsafeStore, match="journal_mode is memory"):
        refuse_unsafe(other, tmp_path / "log.db", least=FULL)


async def test_rule_2_the_key_is_on_record_before_anything_is_sealed_under_it(log):
    order: list[str] = []

    class Keys(MemoryRing):
        async def ensure(self, stream):
            order.append("key")

    append = log.append
    log.append = lambda asked: (order.append("event"), append(asked))[1]
    transactor = Transactor(log, Keys(), StateCache(log), random.Random(1))
    await transactor.transact(CUSTOMER, ADA, lambda state: named("Ada"), envelope())
    assert order == ["key", "event"]


# --- Stored bytes ---


async def test_rule_4_the_stored_bytes_are_laid_out_as_written(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring, now=lambda: 1_700_000_000_000_001)
    asked = Request(
        envelope=envelope(cause=7, correlation=UUID(int=3)),
        writes=(Write(stream=ADA, expected=0, events=(CustomerOpened(channel="email", name="Ada"),)),),
    )
    await log.append(asked)
    position, stream, version, topic, state = (
        by_hand(tmp_path).execute("SELECT * FROM stored_events").fetchone()
    )
    assert (position, stream, version, topic) == (1, ADA.hex, 1, "customer.opened.v1")
    assert state[0] == 1
    assert int.from_bytes(state[1:9]) == 1_700_000_000_000_001
    assert state[25:41] == asked.envelope.command.bytes
    assert int.from_bytes(state[41:49]) == 7
    assert state[49:65] == UUID(int=3).bytes
    actor = int.from_bytes(state[66:68])
    assert state[68 : 68 + actor] == b"tester"
    length = int.from_bytes(state[68 + actor : 72 + actor])
    assert json.loads(state[72 + actor : 72 + actor + length]) == {"channel": "email"}
    await log.close()


async def test_rule_4_recorded_at_never_goes_back_though_the_clock_does(tmp_path, ring):
    clock = iter([500, 400, 600])
    log = await open_log(tmp_path / "log.db", ring, now=lambda: next(clock))
    for version in range(3):
        await log.append(request(write(ADA, version, "x")))
    moments = [fact.recorded_at.microsecond for fact in await log.read_all()]
    assert moments == [500, 500, 600]
    await log.close()


def test_rule_5_the_sealed_part_is_bound_to_workspace_stream_name_and_front(ring):
    codec = Codec(BEN, ring)
    sealed = codec.seal(ADA, pack(envelope()), CustomerNamed(name="Ada"))
    front_length = 16 + len(pack(envelope())) + 4 + len(b"{}")
    front, iv, secret = (
        sealed.rest[:front_length],
        sealed.rest[front_length:][:12],
        sealed.rest[front_length + 12 :],
    )
    context = b"\x01" + BEN.bytes + ADA.bytes + b"customer.named.v1" + hashlib.sha256(front).digest()
    plain = AESGCM(ring.key(str(ADA))).decrypt(iv, secret, context)
    assert plain[0] == compression.CURRENT
    assert json.loads(compression.unsqueeze(plain)) == {"name": "Ada"}


async def test_rule_6_positions_have_no_holes_and_a_foreign_writer_fails(log, tmp_path):
    await log.append(request(write(ADA, 0, "a", "b")))
    await log.append(request(write(ADA, 0, "late")))
    await log.append(request(write(ADA, 2, "c")))
    assert [fact.position for fact in await log.read_all()] == [1, 2, 3]
    foreign = by_hand(tmp_path)
    with pytest.raises(sqlite3.OperationalError, match="5 columns but 4 values"):
        foreign.execute("INSERT INTO stored_events VALUES (?,?,?,?)", (BEN.hex, 1, "x", b""))
    foreign.close()


async def test_rule_6_a_restored_log_has_a_new_incarnation(tmp_path, ring):
    log = await open_log(tmp_path / "log.db", ring)
    before = await log.incarnation()
    await log.append(request(write(ADA, 0, "a")))
    await log.close()
    fresh = renew_incarnation(tmp_path / "log.db")
    log = await open_log(tmp_path / "log.db", ring)
    assert before != fresh == await log.incarnation()
    assert names_of(await log.read_all()) == ["a"]
    await log.close()


# --- Append ---


async def test_rule_7_a_request_may_hold_any_of_its_parts_or_none(log):
    assert await log.append(request()) == Appended(positions=())
    assert await log.append(request(write(ADA, 0))) == Appended(positions=())
    assert await log.append(request(claims=(Take(key=KEY, stream=ADA),))) == Appended(positions=())
    assert await log.append(request(marks=(Mark(name="m", expected=None, new="1"),))) == Appended(
        positions=()
    )
    assert await log.append(request(marks=(Mark(name="m", expected="0", new="2"),))) == Conflict(stream=None)


async def test_rule_8_once_comes_before_versions_versions_before_claims_claims_before_marks(log):
    await log.append(
        request(
            write(ADA, 0, "a"),
            once=(KEY,),
            claims=(Take(key=KEY, stream=ADA),),
            marks=(Mark(name="m", expected=None, new="1"),),
        )
    )
    stale_mark = Mark(name="m", expected=None, new="2")
    taken = Take(key=KEY, stream=BEN)
    assert isinstance(
        await log.append(request(write(ADA, 0, "x"), once=(KEY,), claims=(taken,), marks=(stale_mark,))),
        AlreadyDone,
    )
    assert await log.append(request(write(ADA, 0, "x"), claims=(taken,), marks=(stale_mark,))) == Conflict(
        stream=ADA, actual=1
    )
    assert (await log.append(request(write(ADA, 1, "x"), claims=(taken,), marks=(stale_mark,)))).holder == ADA
    assert await log.append(request(write(ADA, 1, "x"), marks=(stale_mark,))) == Conflict(stream=None)


async def test_rule_10_commands_on_one_stream_take_turns_and_all_succeed(log, transactor):
    done = await asyncio.gather(
        *(
            transactor.transact(CUSTOMER, ADA, lambda state: named(f"v{state.version}"), envelope())
            for _ in range(20)
        )
    )
    assert sorted(one.position for one in done) == list(range(1, 21))
    assert names_of(await log.read_stream(ADA)) == [f"v{n}" for n in range(20)]


async def test_rule_10_a_person_is_told_busy_after_five_lost_races(log, transactor):
    races = iter(range(100))

    def lose(state):
        """Somebody else writes between the decision and its append."""
        rows = log._committer._store
        rows._versions[ADA] = next(races) + 1000
        return named("late")

    with pytest.raises(Busy):
        await transactor.transact(CUSTOMER, ADA, lose, envelope(), person=True)
    assert next(races) == 5
    assert await log.version(ADA) == 0


async def test_rule_10_already_so_and_refusals_are_answered_from_the_current_state_only(log, ring):
    here, there = (Transactor(log, ring, StateCache(log), random.Random(n)) for n in range(2))
    await here.transact(CUSTOMER, ADA, lambda state: named("first"), envelope())
    await there.transact(CUSTOMER, ADA, lambda state: named("second"), envelope())
    seen: list[str] = []

    def look(state):
        seen.append(state.name)
        return []

    done = await here.transact(CUSTOMER, ADA, look, envelope())
    assert (seen, done.answer, done.position) == (["first", "second"], None, 2)
    await there.transact(CUSTOMER, ADA, lambda state: named("third"), envelope())

    def refuse(state):
        seen.append(state.name)
        raise NothingToSay

    with pytest.raises(NothingToSay):
        await here.transact(CUSTOMER, ADA, refuse, envelope())
    assert seen == ["first", "second", "second", "third"]


async def test_rule_10_a_decision_that_read_another_stream_fails_when_that_moved(log, transactor):
    await log.append(request(write(BEN, 0, "b")))
    plan = Plan(events=named("a"), also=(Write(stream=BEN, expected=0),))
    with pytest.raises(OutOfDate) as stale:
        await transactor.transact(CUSTOMER, ADA, lambda state: plan, envelope())
    assert stale.value.stream == BEN
    assert await log.version(ADA) == 0


async def test_rule_11_a_reaction_made_twice_is_recorded_once_and_the_mark_follows(log, transactor):
    reaction = Plan(events=named("thanked"), once=(KEY,))
    first = await transactor.transact(CUSTOMER, ADA, lambda state: reaction, envelope())
    again = await transactor.transact(CUSTOMER, ADA, lambda state: reaction, envelope())
    assert (first.position, again.position, type(again.answer)) == (1, 1, AlreadyDone)
    assert again.state.name == "thanked"
    assert await log.append(request(marks=(Mark(name="thanks", expected=None, new="1"),))) == Appended(
        positions=()
    )


async def test_rule_13_touchpoint_and_once_keys_are_there_together_or_not_at_all(log):
    await log.append(request(write(ADA, 0, "a"), once=(KEY,)))
    assert isinstance(await log.append(request(write(ADA, 0, "b"), once=(OTHER_KEY,))), Conflict)
    assert (await log.seen(KEY), await log.seen(OTHER_KEY)) == (1, None)


async def test_rule_16_a_taken_claim_sends_the_caller_back_to_decide_again(log, transactor):
    await log.append(request(claims=(Take(key=KEY, stream=BEN),)))
    plan = Plan(events=named("a"), claims=(Take(key=KEY, stream=ADA),))
    with pytest.raises(ClaimTaken) as taken:
        await transactor.transact(CUSTOMER, ADA, lambda state: plan, envelope())
    assert (taken.value.holder, taken.value.key, await log.version(ADA)) == (BEN, KEY, 0)


# --- State ---

TALK = ConversationId(UUID(int=5))
OPENED = ConversationOpened(conversation=TALK, account=AccountId(uuid4()), channel="email", subject="Order 1")
RESOLVED = ConversationResolved(conversation=TALK)


class States:
    """A `states` view of one stream as of some version."""

    def __init__(self, version, state, item=None, fold=CUSTOMER.fold):
        self.stored = Stored(version=version, fold=fold, data=dump(state))
        self.item = item and Stored(
            version=version, fold=fold, data=dump(CUSTOMER.items.type(conversation=item))
        )

    async def load(self, stream):
        return self.stored

    async def load_item(self, stream, item):
        return self.item


class Counting:
    """A log that says how many facts of a stream were read."""

    def __init__(self, log):
        self.log, self.read = log, 0

    async def read_stream(self, stream, *, after=0, limit=None):
        facts = await self.log.read_stream(stream, after=after, limit=limit)
        self.read += len(facts)
        return facts

    async def version(self, stream):
        return await self.log.version(stream)


async def test_rule_18_only_the_tail_is_folded_where_a_state_is_stored():
    log = MemoryLog()
    await log.append(request(write(ADA, 0, *"x" * 500)))
    counting = Counting(log)
    stored = fold(named(*"x" * 498))
    known = await StateCache(counting, States(498, stored)).load(CUSTOMER, ADA)
    assert (known.version, known.state, counting.read) == (500, fold(named(*"x" * 500)), 2)


async def test_rule_18_a_state_of_other_fold_code_is_not_used():
    log = MemoryLog()
    await log.append(request(write(ADA, 0, "right")))
    wrong = fold(named("wrong"))
    known = await StateCache(log, States(1, wrong, fold=CUSTOMER.fold + 1)).load(CUSTOMER, ADA)
    assert known.state.name == "right"


@pytest.mark.parametrize("stored", [0, 1, 2, 3])
async def test_rule_18_a_closed_conversation_is_put_back_for_the_command_that_names_it(stored):
    """However far the view has come: before it opened, while it was open, just closed, later."""
    log = MemoryLog()
    events = (OPENED, RESOLVED, *named("Ada"))
    await log.append(Request(envelope=envelope(), writes=(Write(stream=ADA, expected=0, events=events),)))
    item = Conversation(id=TALK, status="resolved") if stored >= 2 else None
    cache = StateCache(log, States(stored, fold(events[:stored]), item))
    known = await cache.load(CUSTOMER, ADA)
    assert TALK not in known.state.conversations
    view = await cache.with_items(CUSTOMER, ADA, known, [TALK, uuid4()])
    assert view.conversations[TALK].status == "resolved"
    assert (await cache.load(CUSTOMER, ADA)).state.conversations == {}


async def test_rule_18_reopening_brings_the_item_back_for_good():
    log = MemoryLog()
    transactor = Transactor(log, log.ring, StateCache(log), random.Random(1))
    for event in (OPENED, RESOLVED):
        await transactor.transact(CUSTOMER, ADA, lambda state, event=event: [event], envelope())
    reopened = ConversationReopened(conversation=TALK, by="agent")
    seen = []
    await transactor.transact(
        CUSTOMER,
        ADA,
        lambda state: (seen.append(TALK in state.conversations), [reopened])[1],
        envelope(),
        items=[TALK],
    )
    state = await transactor.state(CUSTOMER, ADA)
    assert seen == [True] and TALK in state.conversations


async def test_rule_19_the_claims_of_a_customer_are_released_with_its_erasure(log, transactor):

    await log.append(
        request(write(ADA, 0, "Ada"), claims=(Take(key=KEY, stream=ADA), Take(key=OTHER_KEY, stream=ADA)))
    )
    release = tuple(Release(key=key, stream=ADA) for key in await log.claims_of(ADA))
    erased = Plan(events=(CustomerErased(reason="asked"),), claims=release)
    done = await transactor.transact(CUSTOMER, ADA, lambda state: erased, envelope())
    assert done.state.erased
    assert (await log.holder(KEY), await log.holder(OTHER_KEY), await log.claims_of(ADA)) == (None, None, [])


def test_readers_do_not_hold_on_to_what_they_read(tmp_path):
    """Each page is its own read transaction, so a checkpoint is never kept waiting by a reader at rest."""
    writer = open_writer(tmp_path / "log.db", durable=True)
    writer.execute("CREATE TABLE t (x)")
    reader = open_reader(tmp_path / "log.db")
    reader.execute("SELECT * FROM t").fetchall()
    writer.execute("INSERT INTO t VALUES (1)")
    assert writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    reader.close()
    writer.close()
