"""Orphans go after a day; what any fact or draft names stays, however old."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app.ports import BlobMissing, Draft, Recorded
from hub.domain.conversation.events import FileRef, MessageReceived, ReplyWritten
from hub.domain.ids import AgentId, BlobId
from hub.domain.vocabulary import ERASED, REGISTRY, Opaque
from infra.references import blobs_in, blobs_of
from infra.sweep import Sweeping, sweep
from tests.infra.shop import NOW, Person, Shop, a_shop


def sweeping(shop: Shop) -> Sweeping:
    async def drafted() -> set[BlobId]:
        return {blob for draft in await shop.desk.drafts.everyone() for blob in blobs_in(draft.body)}

    def tomorrow() -> datetime:
        return NOW

    return Sweeping(
        log=shop.log, vault=shop.vault, keys=shop.keys, drafted=drafted, house=asyncio.Lock(), clock=tomorrow
    )  # fmt: skip


def grow_old(shop: Shop, *paths: Path) -> None:
    for path in paths:
        os.utime(path, (NOW.timestamp() - 90_000,) * 2)


async def orphan(shop: Shop, *, old: bool = True) -> BlobId:
    (blob,) = await shop.vault.keep([b"nobody's letter"])
    if old:
        grow_old(shop, shop.vault.path(blob))
    else:
        os.utime(shop.vault.path(blob), (NOW.timestamp() - 80_000,) * 2)
    return blob


async def test_record_rule_2_an_old_orphan_goes_with_its_key_and_a_young_one_stays(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        person = await shop.person()
        grow_old(shop, *(shop.vault.path(blob) for blob in person.blobs))
        old, young = await orphan(shop), await orphan(shop, old=False)
        done = await sweep(sweeping(shop))
        assert (done.blobs, done.why_not) == (1, "")
        assert shop.keys.state(old) == "destroyed" and not shop.vault.path(old).exists()
        assert await shop.vault.open(young) == b"nobody's letter"
        for blob in person.blobs:
            assert isinstance(await shop.vault.open(blob), bytes)


async def test_control_a_sweep_that_reads_no_log_would_take_them_all(tmp_path: Path) -> None:
    class Empty:
        async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]:
            return []

    async with a_shop(tmp_path) as shop:
        person = await shop.person()
        grow_old(shop, *(shop.vault.path(blob) for blob in person.blobs))
        await sweep(replace(sweeping(shop), log=Empty()))
        assert await shop.vault.open(person.blobs[0]) is ERASED


async def test_what_a_draft_names_stays(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        person, blob = await shop.person(), await orphan(shop)
        body = f'{{"files": ["{blob}"]}}'.encode()
        draft = Draft(agent=AgentId(uuid4()), conversation=person.conversation, body=body, saved_at=NOW)
        await shop.desk.drafts.save(person.customer, draft)
        assert (await sweep(sweeping(shop))).blobs == 0


async def test_a_lost_key_stops_the_sweep_before_anything_is_touched(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        person, old = await shop.person(), await orphan(shop)
        forget = "DELETE FROM data_keys WHERE id = ?"
        shop.keys.file.do_now(lambda db: db.execute(forget, (str(person.customer),)))
        shop.keys.forget_cached()
        done = await sweep(sweeping(shop))
        assert "is lost" in done.why_not and shop.vault.path(old).exists()


async def test_files_that_were_never_finished_go(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        half = shop.vault.folder / "incoming" / "half"
        half.write_bytes(b"cut")
        grow_old(shop, half)
        assert (await sweep(sweeping(shop))).unfinished == 1
        with pytest.raises(BlobMissing):
            await shop.vault.open(BlobId("0" * 64))


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_blob_field_of_every_event_is_found(name: str) -> None:
    person: Any = Person(customer=uuid4(), blobs=[BlobId(f"{n:064x}") for n in range(5)])  # type: ignore[arg-type]
    event = person.event(REGISTRY[name])
    expected = {value for one in fields(event) for value in flat(getattr(event, one.name))}
    assert blobs_of(event) == {blob for blob in expected if blob in person.blobs}


def flat(value: object) -> list[object]:
    if isinstance(value, tuple):
        return [inner for one in value for inner in flat(one)]
    return [value.blob] if isinstance(value, FileRef) else [value]


def test_blobs_are_found_in_letters_files_and_replies() -> None:
    person: Any = Person(customer=uuid4(), blobs=[BlobId(f"{n:064x}") for n in range(5)])  # type: ignore[arg-type]
    assert blobs_of(person.event(MessageReceived)) == {person.blobs[0]}
    assert blobs_of(person.event(ReplyWritten)) == {person.blobs[0], person.blobs[1]}
    erased = replace(person.event(ReplyWritten), files=ERASED)
    assert blobs_of(erased) == {person.blobs[1]}
    assert blobs_of(Opaque(name="x", open_part=b'{"a":"' + b"ab" * 32 + b'"}', why="new")) == {"ab" * 32}
