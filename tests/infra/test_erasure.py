"""Nothing that an erased person said is left in any byte, and nothing else is lost (record rules 19 to 23)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from hub.app.kinds import CUSTOMER
from hub.app.ports import Envelope
from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.commands import NameCustomer
from hub.domain.customer.decisions import decide
from hub.domain.customer.events import CustomersLinked
from hub.domain.errors import NoSuchCustomer, Refusal
from hub.domain.ids import BlobId, CommandId, CustomerId, MessageId, StreamId
from hub.domain.vocabulary import ERASED, NAMES
from infra.codec import Codec
from infra.codec.plans import plan
from infra.db import open_reader
from infra.erasure import erase, resume
from infra.erasures import ErasureList
from infra.vault import unseal
from projections import inbox, search, views
from projections.file import open_book
from projections.pages import PAGES
from tests.infra.shop import BY, NOW, Person, Shop, a_shop, state_of

REASON = "asked for by the person"
LOG_ROWS = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"


async def three_people(shop: Shop) -> tuple[Person, Person, Person]:
    """One to be erased, one linked to them, and one who has nothing to do with it."""
    first, linked, other = await shop.person(), await shop.person(), await shop.person()
    for one, two in ((first, linked), (linked, first)):
        together = CustomersLinked(other=two.customer, survivor=first.customer, why=one.canary())
        await shop.record(one.customer, together)
    await shop.settled()
    return first, linked, other


# --- Looking everywhere --------------------------------------------------------------------------------------------


def found_in_files(data: Path, canaries: list[str]) -> list[str]:
    """Canaries in any byte of any file, as text, as escaped JSON, as UTF-16."""
    everything = bytes_of(data)
    return [one for one in canaries if any(form in everything for form in forms(one))]


def bytes_of(data: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())


def forms(canary: str) -> Iterator[bytes]:
    yield canary.encode()
    yield json.dumps(canary).strip('"').encode()
    yield canary.encode("utf-16-le")


def found_by_search(shop: Shop, canaries: list[str]) -> list[str]:
    return [one for one in canaries if shop.ask(search.search, one, NOW)]


def found_in_index(data: Path, canaries: list[str]) -> list[str]:
    """Terms of the full-text index are shortened on disk, so they are read through its own dictionary."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("ATTACH ? AS views", (f"{(data / 'views.sqlite').as_uri()}?mode=ro",))
        db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(views, search_words, 'row')")
        terms = {term for (term,) in db.execute("SELECT term FROM temp.terms")}
    return [one for one in canaries if one.casefold() in terms]


async def opened_by_a_remaining_key(shop: Shop, person: Person, sealed: dict[BlobId, bytes]) -> list[str]:
    """Every key still there, tried on every event and every blob of the person."""
    with closing(open_reader(shop.data / "log.sqlite")) as reader:
        rows = reader.execute(LOG_ROWS + " WHERE originator_id = ?", (person.customer.hex,)).fetchall()
    opened = []
    for name, key, _ in shop.keys.held():
        codec = Codec(shop.log.workspace, OneKey(key))
        opened += [f"{name} {row[3]}" for row in rows if has_words(codec.open(row).event)]
        opened += [f"{name} {blob}" for blob, content in sealed.items() if opens(content, key)]
    return opened


class OneKey:
    """A ring that tries the same key on everything."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key(self, key_id: str) -> bytes:
        return self._key

    async def ensure(self, stream: StreamId) -> None: ...


def has_words(event: object) -> bool:
    if type(event) not in NAMES:
        return False
    return any(getattr(event, name) is not ERASED for name in plan(type(event)).sealed_fields)


def opens(content: bytes, key: bytes) -> bool:
    try:
        return bool(unseal(content, key)) or True
    except InvalidTag:
        return False


def counts(shop: Shop) -> dict[str, int]:
    """How many there ever were of everything. An erased conversation leaves the work lists and is counted as resolved."""
    tables = {"timeline_messages", "inbox", "complaints", "outbox", "customers", "identities", "parked"}
    with closing(open_reader(shop.data / "views.sqlite")) as reader:
        there = {name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = {
            name: int(reader.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
            for name in sorted(there & tables)
        }
    views_of_all = shop.ask(inbox.counters, str(UUID(int=7)))
    return rows | {"conversations": views_of_all["all"], "parked letters": views_of_all["parked"]}


def sealed_blobs(shop: Shop, person: Person) -> dict[BlobId, bytes]:
    return {blob: shop.vault.path(blob).read_bytes() for blob in person.blobs}


# --- The proof of rule 23, and its controls ------------------------------------------------------------------------


async def test_record_rule_23_nothing_is_left_and_no_count_changes(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, other = await three_people(shop)
        gone, before = first.canaries + linked.canaries, counts(shop)
        sealed = sealed_blobs(shop, first) | sealed_blobs(shop, linked)
        assert len(first.canaries) >= 20 and found_by_search(shop, gone)
        assert await opened_by_a_remaining_key(shop, first, sealed)
        await erase(first.customer, REASON, BY, shop.erasing)

        assert found_in_files(shop.data, gone) == []
        assert found_by_search(shop, gone) == [] and found_in_index(shop.data, gone) == []
        for person in (first, linked):
            assert await opened_by_a_remaining_key(shop, person, sealed) == []
            assert await shop.desk.drafts.of_conversation(person.conversation) == []
            for blob in person.blobs:
                assert await shop.vault.open(blob) is ERASED and not shop.vault.path(blob).exists()
        assert counts(shop) == before
        assert shop.ask(views.parked_events) == []
        for blob in other.blobs:
            assert isinstance(await shop.vault.open(blob), bytes)
        assert found_by_search(shop, other.canaries)
        assert [
            fact
            for fact in await shop.log.read_stream(StreamId(other.customer))
            if ERASED in values(fact.event)
        ] == []


async def test_record_rule_21_released_claims_leave_the_log_file_too(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, other = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        stored = bytes_of(shop.data)
        assert [one.claim in stored for one in (first, linked, other)] == [False, False, True]


async def test_record_rule_22_what_accounts_say_of_a_letter_dies_with_its_blob(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, other = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        facts = await shop.log.read_stream(StreamId(UUID(int=99)))
        said = {fact.event.raw: values(fact.event) for fact in facts}  # type: ignore[attr-defined]
        assert all(ERASED in said[blob] for blob in first.blobs[3:])
        assert not any(ERASED in said[blob] for blob in other.blobs[3:])


async def test_erasures_hold_only_ids(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        assert found_in_files(tmp_path / "home", first.canaries + linked.canaries) == []
        (doomed,) = shop.erasing.erasures.all()
        assert doomed.is_done and doomed.streams == (first.customer, linked.customer)
        assert set(first.blobs + linked.blobs) == doomed.blobs


async def test_control_without_the_scrub_bytes_are_left(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, replace(shop.erasing, scrubs={}))
        assert found_in_files(shop.data, first.canaries)


async def test_control_a_key_that_was_kept_opens_the_past(tmp_path: Path) -> None:
    class Keeping:
        async def destroy(self, key_ids: object) -> None: ...

    async with a_shop(tmp_path) as shop:
        first, _, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, replace(shop.erasing, keys=Keeping()))
        assert await opened_by_a_remaining_key(shop, first, {})


async def test_control_an_index_that_forgets_nothing_is_found_out(tmp_path: Path) -> None:
    keeping = replace(search.projection, forget=lambda customer: ())
    pages = [keeping if page.name == "search" else page for page in PAGES]
    async with a_shop(tmp_path, pages) as shop:
        first, _, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        assert found_in_index(shop.data, first.canaries)


# --- What an erasure means -----------------------------------------------------------------------------------------


async def test_record_rule_19_one_append_frees_every_claim_and_bars_the_streams(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, other = await three_people(shop)
        done = await erase(first.customer, REASON, BY, shop.erasing)
        facts = [fact for fact in await shop.log.read_all() if fact.name == "customer.erased.v1"]
        assert {fact.stream for fact in facts} == {first.customer, linked.customer}
        assert {fact.envelope.command for fact in facts} == {facts[0].envelope.command}
        assert max(fact.position for fact in facts) == done.position
        assert [await shop.log.holder(person.claim) for person in (first, linked)] == [None, None]
        assert await shop.log.holder(other.claim) == other.customer
        with pytest.raises(Refusal):
            await shop.transactor.transact(
                CUSTOMER,
                StreamId(first.customer),
                lambda state: decide(NameCustomer(name="X"), state, NOW),
                envelope(),
            )


async def test_rebuilding_afterwards_gives_the_rows_that_live_views_have(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        fresh = open_book(tmp_path / "anew.sqlite", PAGES, await shop.log.incarnation())
        fresh.apply(await shop.log.read_all(limit=10_000))
        fresh.close()
        live = rows_of(shop.data / "views.sqlite")
        assert {
            name: rows for name, rows in rows_of(tmp_path / "anew.sqlite").items() if rows != live[name]
        } == {}


async def test_nobody_can_be_erased_who_is_not_there(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        with pytest.raises(NoSuchCustomer):
            await erase(CustomerId(uuid4()), REASON, BY, shop.erasing)
        first, _, _ = await three_people(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
        with pytest.raises(NoSuchCustomer):
            await erase(first.customer, REASON, BY, shop.erasing)


async def test_what_arrives_while_the_list_is_made_is_erased_too(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, _ = await three_people(shop)
        (late,) = await shop.vault.keep([b"one more letter"])
        received = next(one for one in first.events() if isinstance(one, MessageReceived))
        named, calls = shop.erasing.named, list[object]()

        async def with_a_late_letter(names: Any) -> Any:
            calls.append(names)
            if len(calls) == 2:
                await shop.record(first.customer, replace(received, raw=late, message=MessageId(uuid4())))
            return await named(names)

        await erase(first.customer, REASON, BY, replace(shop.erasing, named=with_a_late_letter))
        assert await shop.vault.open(late) is ERASED
        assert found_in_files(shop.data, first.canaries) == []


async def test_who_is_linked_while_the_list_is_made_is_erased_too(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, other = await three_people(shop)
        named, calls = shop.erasing.named, list[object]()

        async def with_a_late_link(names: Any) -> Any:
            calls.append(names)
            if len(calls) == 2:
                for one, two in ((first, other), (other, first)):
                    link = CustomersLinked(other=two.customer, survivor=first.customer, why="same address")
                    await shop.record(one.customer, link)
            return await named(names)

        await erase(first.customer, REASON, BY, replace(shop.erasing, named=with_a_late_link))
        assert (await state_of(shop, other.customer)).erased
        assert found_in_files(shop.data, other.canaries) == []


# --- Cut short -----------------------------------------------------------------------------------------------------

STEPS = ("keys", "vault", "reached", "drafts", "scrub", "done")


class Cut(Exception):
    """The process dies here."""


def breaking(shop: Shop, step: str) -> Any:
    async def dies(*_: object) -> None:
        raise Cut

    class Dead:
        destroy = forget = dies

    class DeadList(ErasureList):
        def done(self, doomed: object) -> None:
            raise Cut

    changed: dict[str, Any] = {
        "keys": {"keys": Dead()},
        "vault": {"vault": Dead()},
        "reached": {"reached": dies},
        "drafts": {"drafts": Dead()},
        "scrub": {"scrubs": {"log": dies}},
        "done": {"erasures": DeadList(shop.erasing.erasures.path)},
    }
    Dead.destroy = Dead.forget = staticmethod(dies)  # type: ignore[method-assign,assignment]
    return replace(shop.erasing, **changed[step])


@pytest.mark.parametrize("step", STEPS)
async def test_an_erasure_cut_short_is_finished_at_the_next_start(tmp_path: Path, step: str) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, _ = await three_people(shop)
        with pytest.raises(Cut):
            await erase(first.customer, REASON, BY, breaking(shop, step))
    async with a_shop(tmp_path) as again:
        await again.settled()
        assert len(await resume(again.erasing)) == 1
        assert await resume(again.erasing) == []
        assert found_in_files(again.data, first.canaries + linked.canaries) == []
        assert await opened_by_a_remaining_key(again, first, {}) == []
        facts = [fact for fact in await again.log.read_all() if fact.name == "customer.erased.v1"]
        assert len(facts) == 2
        assert (await state_of(again, first.customer)).erased


async def test_an_erasure_cut_short_before_it_is_on_record_is_recorded_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, _ = await three_people(shop)
        shop.erasing.erasures.add([StreamId(first.customer)], [], at=NOW, by=BY, reason=REASON)
    async with a_shop(tmp_path) as again:
        await resume(again.erasing)
        assert found_in_files(again.data, first.canaries + linked.canaries) == []
        assert (await state_of(again, linked.customer)).erased


# --- The list ------------------------------------------------------------------------------------------------------


def test_a_line_cut_short_does_not_count(tmp_path: Path) -> None:
    erasures = ErasureList(tmp_path / "erasures")
    doomed = erasures.add([StreamId(uuid4())], [BlobId("a" * 64)], at=NOW, by=BY, reason=REASON)
    with erasures.path.open("ab") as file:
        file.write(b'{"done": 1')
    assert ErasureList(erasures.path).pending() == [doomed]
    erasures.done(doomed)
    assert erasures.pending() == [] and erasures.all() == [replace(doomed, is_done=True)]
    later = erasures.add([], [], at=NOW + timedelta(days=1), by=BY, reason=REASON)
    assert later.number == 2
    erasures.done(later)
    erasures.again()
    assert [one.number for one in erasures.pending()] == [1, 2]
    assert erasures.path.stat().st_mode & 0o777 == 0o600


# --- Small words ---------------------------------------------------------------------------------------------------


def envelope() -> Envelope:
    return Envelope(actor=BY, command=CommandId(uuid4()))


def values(event: object) -> list[object]:
    return [getattr(event, one.name) for one in fields(event)]  # type: ignore[arg-type]


def rows_of(path: Path) -> dict[str, list[Any]]:
    """Every table of the projections, sorted; what belongs to the file itself is left out."""
    own = {"projections", "poison", "changes", "states", "state_items"}
    with closing(open_reader(path)) as reader:
        names = [name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        wanted = [
            name for name in names if name not in own and not name.startswith(("search_words", "sqlite_"))
        ]
        return {name: sorted(map(repr, reader.execute(f"SELECT * FROM {name}"))) for name in wanted}
