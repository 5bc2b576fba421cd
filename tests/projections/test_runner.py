"""The runner over a real log in memory: it follows, tells, waits, survives trouble and forgets in time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from hub.app.ports import Appended, Envelope, Recorded, Request, Write
from hub.domain.conversation.events import ConversationOpened, ConversationTagged, NoteAdded
from hub.domain.customer.events import CustomerErased, CustomerNamed, CustomerOpened
from hub.domain.ids import AccountId, CommandId, ConversationId, NoteId, StreamId
from hub.domain.vocabulary import Actor
from infra.eventlog.memory import MemoryLog
from projections import customers, inbox, views
from projections import runner as running
from projections.book import Gap
from projections.file import open_book, open_reader
from projections.pages import PAGES
from projections.projection import Projection
from projections.runner import Runner
from projections.telling import Herald

PATIENCE = 20.0
ACCOUNT = AccountId(uuid5(NAMESPACE_URL, "https://shop.test"))


def now() -> datetime:
    return datetime.now(UTC)


async def beats(views: Herald, *, after: datetime, within: float = PATIENCE) -> bool:
    """Whether their heart is seen to beat after that moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            while views.beat is None or views.beat <= after:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            return True
    return False


class Recorder:
    """Writes facts to a log."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.versions: dict[UUID, int] = {}

    async def record(self, stream: UUID, *events: object) -> int:
        expected = self.versions.get(stream, 0)
        self.versions[stream] = expected + len(events)
        envelope = Envelope(actor=Actor(kind="system", id="test"), command=CommandId(uuid4()))
        write = Write(stream=StreamId(stream), expected=expected, events=events)
        answer = await self.log.append(Request(envelope=envelope, writes=(write,)))
        assert isinstance(answer, Appended)
        return answer.positions[-1]

    async def open_conversation(
        self, customer: UUID, subject: str = "Parcel", *, conversation: UUID | None = None
    ) -> UUID:
        conversation = ConversationId(conversation or uuid4())
        opened = ConversationOpened(
            conversation=conversation, account=ACCOUNT, channel="email", subject=subject
        )
        await self.record(customer, CustomerOpened(channel="email", name="Ann"), opened)
        return conversation


class Shop(Recorder):
    """A log to write to and a runner that follows it."""

    def __init__(
        self, folder: Path, pages: Sequence[Projection] = tuple(PAGES), log: MemoryLog | None = None
    ) -> None:
        super().__init__(log or MemoryLog())
        self.path = folder / "views.db"
        self.runner = Runner(
            log=self.log, book=open_book(self.path, pages, "one"), clock=now, patience=PATIENCE
        )
        self.readers = open_reader(self.path)

    def ask(self, question: Callable[..., Any], *args: Any) -> Any:
        with self.readers.connect() as connection:
            return question(connection, *args)


@asynccontextmanager
async def a_shop(
    folder: Path, pages: Sequence[Projection] = tuple(PAGES), log: MemoryLog | None = None
) -> AsyncIterator[Shop]:
    shop = Shop(folder, pages, log)
    task = asyncio.create_task(shop.runner.run())
    try:
        yield shop
    finally:
        task.cancel()
        await asyncio.wait([task])
        shop.runner.close()
        shop.readers.dispose()


async def test_what_is_recorded_is_shown_once_reached(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        conversation = await shop.open_conversation(uuid4())
        await shop.runner.reached(2)
        assert shop.ask(inbox.row, str(conversation))["subject"] == "Parcel"
        assert shop.ask(views.position) == 2


async def test_waiting_for_what_never_comes_ends_with_a_timeout(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        with pytest.raises(TimeoutError):
            await shop.runner.reached(99, patience=0.01)


async def test_listeners_hear_what_changed_even_when_they_are_slow(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        customer = uuid4()
        with shop.runner.listening() as ear:
            conversation = await shop.open_conversation(customer)
            await shop.runner.reached(2)
            last = await shop.record(customer, ConversationTagged(conversation=conversation, tag="vip"))
            await shop.runner.reached(last)
            heard = await ear.hear()
        assert heard.position == last
        assert heard.conversations == {conversation}
        assert heard.customers == {customer}
        assert {"conversation.opened.v1", "conversation.tagged.v1"} <= heard.kinds


async def test_a_socket_catches_up_from_the_changes_or_is_told_to_reload(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(views, "KEPT_CHANGES", 3)
    async with a_shop(tmp_path) as shop:
        customer = uuid4()
        conversation = await shop.open_conversation(customer)
        for tag in "abcd":
            await shop.record(customer, ConversationTagged(conversation=conversation, tag=tag))
        await shop.runner.reached(6)
        found = shop.ask(views.changes_after, 4)
        assert [(row["position"], row["conversation"]) for row in found] == [
            (5, str(conversation)),
            (6, str(conversation)),
        ]
        assert shop.ask(views.changes_after, 6) == []
        assert shop.ask(views.changes_after, 1) is None
        assert shop.ask(views.changes_after, 7) is None


async def test_a_poison_event_is_parked_and_stops_nobody(tmp_path: Path) -> None:
    def chokes(event: Any, recorded: Recorded, page: Any) -> None:
        page.upsert(customers.customers, str(recorded.stream), {"name": "half"})
        raise ValueError("secret words")

    broken = dict(customers.projection.project.handlers) | {CustomerNamed: chokes}
    page = replace(customers.projection, project=replace(customers.projection.project, handlers=broken))
    async with a_shop(tmp_path, (page, inbox.projection)) as shop:
        customer = uuid4()
        conversation = await shop.open_conversation(customer)
        await shop.record(
            customer, CustomerNamed(name="Bea"), ConversationTagged(conversation=conversation, tag="x")
        )
        await shop.runner.reached(4)
        (parked,) = shop.ask(views.parked_events)
        assert (parked["projection"], parked["position"]) == ("customers", 3)
        assert "ValueError" in parked["why"] and "secret" not in parked["why"]
        assert shop.ask(customers.find, "Ann") and not shop.ask(customers.find, "half")


async def test_a_row_the_file_refuses_is_parked_alone(tmp_path: Path) -> None:
    def unwritable(event: Any, recorded: Recorded, page: Any) -> None:
        page.upsert(customers.customers, str(recorded.stream), {"name": object()})

    broken = dict(customers.projection.project.handlers) | {CustomerNamed: unwritable}
    page = replace(customers.projection, project=replace(customers.projection.project, handlers=broken))
    async with a_shop(tmp_path, (page,)) as shop:
        one, two = uuid4(), uuid4()
        await shop.record(one, CustomerOpened(channel="email", name="Ann"), CustomerNamed(name="x"))
        await shop.record(two, CustomerOpened(channel="email", name="Bob"))
        await shop.runner.reached(3)
        assert [row["position"] for row in shop.ask(views.parked_events)] == [2]
        assert shop.ask(customers.find, "Ann") and shop.ask(customers.find, "Bob")


class Flaky(MemoryLog):
    """A log whose first pages fail on the way."""

    failures = 3

    async def _page(self, after: int, limit: int) -> list[Recorded]:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is away")
        return await super()._page(after, limit)


async def test_trouble_is_told_and_tried_again(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("projections.telling.LONGEST_REST_S", 0.01)
    shop = Shop(tmp_path)
    shop.log = shop.runner.log = Flaky()
    task = asyncio.create_task(shop.runner.run())
    await shop.open_conversation(uuid4())
    await shop.runner.reached(2)
    assert shop.log.failures == 0
    assert (await shop.runner.lag()).events == 0
    task.cancel()
    await asyncio.wait([task])
    shop.runner.close()
    shop.readers.dispose()


async def test_the_heart_beats_at_rest_too_and_stops_with_the_writer(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    async with a_shop(tmp_path) as shop:
        assert await beats(shop.runner, after=now())
        async with shop.runner.turn:
            assert not await beats(shop.runner, after=now(), within=0.3)
        assert await beats(shop.runner, after=now())
        shop.runner._troubles[shop.runner._follow] = "the log is away"
        assert not await beats(shop.runner, after=now(), within=0.3)


async def test_a_gap_is_never_taken_in(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        await shop.open_conversation(uuid4())
        await shop.runner.reached(2)
        facts = await shop.log.read_all()
        with pytest.raises(Gap):
            await shop.runner.take([replace(facts[-1], position=9)])
        assert shop.ask(views.position) == 2


async def test_record_rule_6_a_new_version_or_another_incarnation_starts_from_nothing(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        await shop.open_conversation(uuid4())
        await shop.runner.reached(2)
    newer = [replace(page, version=9) if page.name == "inbox" else page for page in PAGES]
    book = open_book(tmp_path / "views.db", newer, "one")
    assert (book.positions["inbox"], book.positions["customers"], book.position) == (0, 2, 0)
    book.apply(await shop.log.read_all())
    assert set(book.positions.values()) == {2}
    book.close()
    book = open_book(tmp_path / "views.db", newer, "restored")
    assert set(book.positions.values()) == {0}
    book.close()


def holds(folder: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in folder.iterdir())


async def test_record_rule_21_erased_words_leave_every_byte_of_the_file(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        customer, canary = uuid4(), "canary-in-a-note"
        conversation = await shop.open_conversation(customer, canary)
        note = NoteAdded(note=NoteId(uuid4()), conversation=ConversationId(conversation), text=canary * 3)
        await shop.runner.reached(await shop.record(customer, note))
        assert holds(tmp_path, canary)
        await shop.runner.reached(await shop.record(customer, CustomerErased(reason="asked")))
        await shop.runner.scrub()
        assert not holds(tmp_path, canary)
