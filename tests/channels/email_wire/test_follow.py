"""Following a mailbox: every letter once on record, whatever the server or the store does meanwhile."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from channels.email.wire import (
    Arrival,
    Ledger,
    MailboxNote,
    MailboxSettings,
    follow,
    follow_mailbox,
    recording,
)
from hub.domain.letters import Location
from tests.faults.imap_peers import ImapPeer, imap_peer

PATIENCE = 20


def letter(n: int, size: int = 0) -> bytes:
    return f"Subject: number {n} (of * many\r\n\r\nbody {n})\r\n".encode() + b"x" * size


@dataclass
class Store:
    """The hub's side in memory: what is on record, where the cursor is, what was noted."""

    cursor: Location | None = None
    taken: list[Arrival] = field(default_factory=list)
    notes: list[MailboxNote] = field(default_factory=list)
    failing: set[int] = field(default_factory=set)
    slow: set[int] = field(default_factory=set)
    moves: list[int] = field(default_factory=list)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self):
        return self.cursor

    async def take(self, arrival: Arrival) -> None:
        uid = arrival.location.uid
        if uid in self.slow:
            await self.release.wait()
        if uid in self.failing:
            self.failing.discard(uid)
            raise RuntimeError("the disk is full")
        self.taken.append(arrival)
        await self.tell()

    async def settle(self, cursor: Location) -> None:
        missing = [uid for uid in self.slow if uid <= cursor.uid and uid not in self.uids()]
        assert not missing, "the cursor passed a letter that is not on record"
        self.cursor = cursor
        self.moves.append(cursor.uid)
        await self.tell()

    def note(self, note: MailboxNote) -> None:
        self.notes.append(note)
        self.hint = asyncio.ensure_future(self.tell())

    async def tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    async def until(self, holds, patience=PATIENCE) -> None:
        async with asyncio.timeout(patience), self.moved:
            await self.moved.wait_for(holds)

    def states(self) -> list[str]:
        return [note.state for note in self.notes]

    def uids(self) -> list[int]:
        return [arrival.location.uid for arrival in self.taken]

    @property
    def settled(self) -> int:
        return self.cursor.uid if self.cursor else 0


class Quick:
    """Dice that always fall on the shortest wait."""

    def uniform(self, low: float, high: float) -> float:
        return 0.01


@asynccontextmanager
async def following(peer: ImapPeer, store: Store, **more):
    settings = MailboxSettings(
        account="support", host="127.0.0.1", port=peer.port, user="u", password="p", tls=False,
        **{"timeout": 5, "poll_seconds": 30, **more},
    )  # fmt: skip
    ledger = Ledger(load=store.load, take=store.take, settle=store.settle, note=store.note)
    task = asyncio.create_task(follow_mailbox(settings, ledger, Quick()))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_there_and_what_comes_is_taken_in_order_with_its_bytes():
    async with imap_peer(folder={3: letter(3), 9: letter(9)}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: "following" in store.states())
            await peer.arrive(12, letter(12))
            await store.until(lambda: store.settled == 12)
        assert store.uids() == [3, 9, 12]
        assert [arrival.raw for arrival in store.taken] == [letter(3), letter(9), letter(12)]
        assert store.taken[0].location == Location(account="support", folder="INBOX", validity=1, uid=3)
        assert store.taken[0].received_at.isoformat() == "2026-11-22T02:43:10+00:00"


async def test_a_restart_goes_on_at_the_cursor():
    async with imap_peer(folder={uid: letter(uid) for uid in (1, 2, 3)}) as peer:
        store = Store(cursor=Location(account="support", folder="INBOX", validity=1, uid=2))
        async with following(peer, store):
            await store.until(lambda: store.settled == 3)
        assert store.uids() == [3]


async def test_a_folder_made_anew_is_noted_and_read_from_the_start():
    async with imap_peer(folder={1: letter(1)}, validity=5) as peer:
        store = Store(cursor=Location(account="support", folder="INBOX", validity=4, uid=99))
        async with following(peer, store):
            await store.until(lambda: store.cursor.validity == 5)
        (rebound,) = [note for note in store.notes if note.state == "rebound"]
        assert (rebound.old_validity, rebound.validity, store.uids()) == (4, 5, [1])


async def test_the_cursor_waits_for_the_slowest_letter():
    async with imap_peer(folder={uid: letter(uid) for uid in range(1, 41)}) as peer:
        store = Store(slow={3})
        async with following(peer, store, window=8):
            await store.until(lambda: len(store.taken) == 39)
            assert store.settled == 2
            store.release.set()
            await store.until(lambda: store.settled == 40)
        assert sorted(store.uids()) == list(range(1, 41))


async def test_control_a_cursor_that_does_not_wait_is_caught(monkeypatch):
    def hasty(progress, uid):
        return replace(progress, settled=max(progress.settled, uid))

    monkeypatch.setattr(recording, "recorded", hasty)
    async with imap_peer(folder={uid: letter(uid) for uid in range(1, 41)}) as peer:
        store = Store(slow={3})
        async with following(peer, store, window=8):
            await store.until(lambda: any("AssertionError" in note.why for note in store.notes))


async def test_a_letter_that_could_not_be_recorded_is_taken_later_and_the_cursor_stays_below_it():
    async with imap_peer(folder={uid: letter(uid) for uid in range(1, 6)}) as peer:
        store = Store(failing={2})
        async with following(peer, store, window=1):
            await store.until(lambda: store.settled == 5)
        assert store.moves[0] == 1 and set(store.uids()) == {1, 2, 3, 4, 5}
        (why,) = [note.why for note in store.notes if note.state == "retrying"]
        assert "could not be recorded" in why and "disk" not in why


@pytest.mark.parametrize("fault", ["bye", "drop", "silence", "no", "nonsense"])
@pytest.mark.parametrize("verb", ["LOGIN", "CAPABILITY", "SELECT", "SEARCH", "FETCH", "IDLE"])
async def test_whatever_breaks_the_line_is_noted_and_mended(verb, fault):
    async with imap_peer(folder={1: letter(1)}, faults={verb: [fault]}) as peer:
        store = Store()
        async with following(peer, store, timeout=0.7, poll_seconds=0.4):
            await store.until(lambda: "retrying" in store.states())
            await peer.arrive(2, letter(2))
            await store.until(lambda: store.settled == 2)
        assert set(store.uids()) == {1, 2}


@pytest.mark.parametrize("fault", ["bye", "drop", "silence"])
async def test_a_server_that_does_not_greet_is_tried_again(fault):
    async with imap_peer(folder={1: letter(1)}, faults={"greeting": [fault]}) as peer:
        store = Store()
        async with following(peer, store, timeout=0.7):
            await store.until(lambda: store.settled == 1)


async def test_a_line_cut_in_the_middle_of_a_letter_records_no_half_letter():
    async with imap_peer(folder={1: letter(1, 500)}, faults={"FETCH": ["", "cut"]}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: store.settled == 1)
        assert [arrival.raw for arrival in store.taken] == [letter(1, 500)]
        assert peer.connections == 2


async def test_a_dead_line_is_noticed_during_idle_at_once():
    async with imap_peer(folder={}, faults={"IDLE": ["", "drop"]}) as peer:
        store = Store()
        async with following(peer, store, timeout=60, poll_seconds=60):
            await store.until(lambda: "following" in store.states())
            await peer.arrive(1, letter(1))
            await store.until(lambda: peer.connections == 2 and store.settled == 1)


async def test_without_idle_the_folder_is_polled():
    async with imap_peer(folder={}, has_idle=False) as peer:
        store = Store()
        async with following(peer, store, poll_seconds=0.05):
            await store.until(lambda: "following" in store.states())
            await peer.arrive(1, letter(1))
            await store.until(lambda: store.settled == 1)
        assert not peer.asked["IDLE"]


async def test_a_letter_deleted_before_it_was_fetched_is_noted_and_passed():
    async with imap_peer(folder={1: letter(1), 3: letter(3)}, ghosts={2}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: store.settled == 3)
        assert store.uids() == [1, 3]
        assert [note.uid for note in store.notes if note.state == "vanished"] == [2]


async def test_a_big_letter_is_fetched_alone_and_whole(monkeypatch):
    monkeypatch.setattr(follow, "CHUNK_BYTES", 100_000)
    big = letter(2, 2_000_000)
    async with imap_peer(folder={1: letter(1), 2: big, 3: letter(3)}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: store.settled == 3)
        assert peer.fetched == ["1", "2", "3"]
        assert store.taken[1].raw == big


@pytest.mark.timeout(900)
async def test_a_first_look_into_a_full_mailbox_goes_in_chunks(is_long):
    count = 200_000 if is_long else 2_000
    async with imap_peer(folder={uid: letter(uid) for uid in range(1, count + 1)}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: store.settled == count, patience=800)
        assert store.uids() == list(range(1, count + 1))
        assert len(peer.fetched) == count / follow.CHUNK


async def test_seen_is_set_as_a_courtesy_and_a_refusal_does_not_matter():
    async with imap_peer(folder={1: letter(1)}, faults={"STORE": ["no"]}) as peer:
        store = Store()
        async with following(peer, store, mark_seen=True):
            await store.until(lambda: "following" in store.states())
            await peer.arrive(2, letter(2))
            await store.until(lambda: store.states().count("following") >= 2)
        assert peer.seen == {2} and store.uids() == [1, 2]


async def test_a_stuck_mailbox_disturbs_no_other():
    async with imap_peer(folder={1: letter(1)}, faults={"SEARCH": ["silence"]}) as stuck, imap_peer() as well:
        still, quick = Store(), Store()
        async with following(stuck, still, timeout=60), following(well, quick):
            await quick.until(lambda: "following" in quick.states())
            await well.arrive(1, letter(1))
            await quick.until(lambda: quick.settled == 1)
            assert not still.taken


async def test_heartbeats_tell_contact_and_last_letter():
    async with imap_peer(folder={1: letter(1)}) as peer:
        store = Store()
        async with following(peer, store):
            await store.until(lambda: "following" in store.states())
        last = [note for note in store.notes if note.state == "following"][-1]
        assert last.last_contact and last.last_letter and (last.behind, last.failures) == (0, 0)


def test_a_mailbox_without_tls_must_be_on_this_machine():
    with pytest.raises(ValueError, match="TLS"):
        MailboxSettings(account="a", host="mail.example", port=143, user="u", password="p", tls=False)


def test_a_password_is_never_printed():
    settings = MailboxSettings(account="a", host="mail.example", port=993, user="u", password="hunter2")
    assert "hunter2" not in repr(settings)
