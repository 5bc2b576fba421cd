"""A backup made while serving comes back whole; the erased stay erased; nothing is sent until told (record rules 24, 25)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app.ports import Recorded
from hub.domain.conversation.events import MessageReceived
from hub.domain.ids import AgentId, MessageId, StreamId
from hub.domain.vocabulary import ERASED
from infra.backup import BackupProblem, backup, expire_backup_keys, read_manifest
from infra.erasure import erase, resume
from infra.erasures import list_beside
from infra.keys import MasterKeyProblem, rotate
from infra.references import blobs_of
from infra.restore import restore, resume_sending, sending_paused
from tests.infra.shop import BY, NOW, Person, Shop, a_shop
from tests.infra.test_erasure import found_in_files, three_people

REASON = "asked for by the person"


async def everything(shop: Shop, until: int | None = None) -> Sequence[Recorded]:
    facts = await shop.log.read_all(limit=100_000)
    return [fact for fact in facts if until is None or fact.position <= until]


async def copy_of(shop: Shop, name: str = "backup") -> Path:
    await backup(shop.root / name, shop.files, shop.keys, shop.erasing.house, NOW)
    return shop.root / name


def put_back(root: Path, source: Path, **how: Any) -> Any:
    """In place of the data folder, which is lost."""
    shutil.rmtree(root / "data", ignore_errors=True)
    return restore(source, root / "data", root / "home" / "shop.key", tell=lambda note: None, **how)


async def keep_writing(shop: Shop, person: Person, stop: asyncio.Event) -> int:
    received = next(one for one in person.events() if isinstance(one, MessageReceived))
    written = 0
    while not stop.is_set():
        (raw,) = await shop.vault.keep([f"letter {written}".encode()])
        await shop.record(person.customer, replace(received, raw=raw, message=MessageId(uuid4())))
        written += 1
    return written


async def test_record_rule_24_a_backup_during_ingest_has_every_event_up_to_its_position(
    tmp_path: Path,
) -> None:
    async with a_shop(tmp_path) as shop:
        person, stop = await shop.person(), asyncio.Event()
        before = await shop.log.head()
        writing = asyncio.create_task(keep_writing(shop, person, stop))
        await shop.runner.reached(before + 5, patience=20)
        source = await copy_of(shop)
        stop.set()
        assert await writing > 5
        manifest = read_manifest(source)
        assert before + 5 <= manifest.position <= await shop.log.head()
        facts = await everything(shop, manifest.position)
        contents = {blob: await shop.vault.open(blob) for fact in facts for blob in blobs_of(fact.event)}
        incarnation = await shop.log.incarnation()
    done = put_back(tmp_path, source)
    assert done.position == manifest.position and done.incarnation != incarnation
    async with a_shop(tmp_path) as again:
        await again.settled()
        assert await everything(again) == facts
        assert {blob: await again.vault.open(blob) for blob in contents} == contents
        assert await again.log.incarnation() == done.incarnation
        assert await again.log.holder(person.claim) == person.customer
        assert (await again.desk.drafts.of_conversation(person.conversation))[0].body


async def test_record_rule_25_nothing_is_sent_until_told_and_everybody_signs_in_again(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        await shop.person()
        token, _ = await shop.desk.sessions.start(AgentId(uuid4()), NOW)
        source = await copy_of(shop)
        assert not sending_paused(shop.data)
    assert put_back(tmp_path, source).paused
    assert sending_paused(tmp_path / "data")
    async with a_shop(tmp_path) as again:
        assert await again.desk.sessions.find(token, NOW) is None
    assert resume_sending(tmp_path / "data") and not sending_paused(tmp_path / "data")
    assert not resume_sending(tmp_path / "data")


async def test_record_rule_25_who_was_erased_after_the_backup_stays_erased(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, linked, other = await three_people(shop)
        source = await copy_of(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
    assert put_back(tmp_path, source).erased == 1
    async with a_shop(tmp_path) as again:
        await again.settled()
        for blob in first.blobs + linked.blobs:
            assert await again.vault.open(blob) is ERASED
        await resume(again.erasing)
        assert found_in_files(again.data, first.canaries + linked.canaries) == []
        erased = [fact.stream for fact in await everything(again) if fact.name == "customer.erased.v1"]
        assert set(erased) == {first.customer, linked.customer}
        assert all(
            ERASED not in (fact.event,) for fact in await again.log.read_stream(StreamId(other.customer))
        )


async def test_control_without_the_list_the_erased_come_back_and_it_has_to_be_said(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        first, _, _ = await three_people(shop)
        source = await copy_of(shop)
        await erase(first.customer, REASON, BY, shop.erasing)
    list_beside(tmp_path / "home" / "shop.key").unlink()
    with pytest.raises(BackupProblem, match="--without-erasures"):
        put_back(tmp_path, source)
    put_back(tmp_path, source, without_erasures=True)
    async with a_shop(tmp_path) as again:
        assert isinstance(await again.vault.open(first.blobs[0]), bytes)


async def test_the_keys_in_a_backup_open_with_its_dated_key_alone(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        await shop.person()
        source = await copy_of(shop)
        await rotate(shop.keys, shop.master)
    dated = shop.master.with_name(read_manifest(source).key_file)
    assert dated.stat().st_mode & 0o777 == 0o600
    put_back(tmp_path, source)
    dated.unlink()
    with pytest.raises(BackupProblem, match="--keys-from"):
        put_back(tmp_path, source)


async def test_an_older_backup_opens_with_the_keys_of_a_newer_one(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        person = await shop.person()
        older = await copy_of(shop, "older")
        shop.master.with_name(read_manifest(older).key_file).rename(tmp_path / "lost")
        newer = await copy_of(shop, "newer")
    put_back(tmp_path, older, keys_from=newer)
    async with a_shop(tmp_path) as again:
        assert isinstance(await again.vault.open(person.blobs[0]), bytes)


def test_keys_of_backups_are_destroyed_after_thirty_days(tmp_path: Path) -> None:
    master, today = tmp_path / "shop.key", date(2026, 3, 31)
    for days in (29, 30, 31, 300):
        (tmp_path / f"shop.key.backup-{today - timedelta(days=days)}").write_text("key")
    (tmp_path / "shop.key.backup-mine").write_text("kept by hand")
    expire_backup_keys(master, today)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "shop.key.backup-2026-03-01",
        "shop.key.backup-2026-03-02",
        "shop.key.backup-mine",
    ]


async def test_a_backup_on_another_machine_needs_only_its_dated_key_and_the_list(tmp_path: Path) -> None:
    async with a_shop(tmp_path / "here") as shop:
        person = await shop.person()
        source = await copy_of(shop)
    home = tmp_path / "there" / "home"
    home.mkdir(parents=True)
    for name in (read_manifest(source).key_file, "shop.key.erasures"):
        shutil.copy(tmp_path / "here" / "home" / name, home / name)
    put_back(tmp_path / "there", source)
    async with a_shop(tmp_path / "there") as again:
        assert isinstance(await again.vault.open(person.blobs[0]), bytes)
        assert again.keys.secrets.keyed("claim", "a") == shop.keys.secrets.keyed("claim", "a")


async def test_what_is_not_empty_or_not_whole_is_refused(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        source = await copy_of(shop)
        with pytest.raises(BackupProblem, match="not empty"):
            await copy_of(shop)
    with pytest.raises(BackupProblem, match="not empty"):
        restore(source, tmp_path / "data", tmp_path / "home" / "shop.key")
    (source / "backup.json").unlink()
    with pytest.raises(BackupProblem, match="no complete backup"):
        put_back(tmp_path, source)


async def test_a_backup_with_another_key_under_the_same_name_is_refused(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        source = await copy_of(shop)
    dated = shop.master.with_name(read_manifest(source).key_file)
    shutil.copy(shop.master, dated)
    with pytest.raises((BackupProblem, MasterKeyProblem), match="does not open"):
        put_back(tmp_path, source)
    assert not (tmp_path / "data").exists()


async def test_a_backup_waits_while_somebody_is_erased(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        async with shop.erasing.house:
            waiting = asyncio.create_task(copy_of(shop))
            await asyncio.wait([waiting], timeout=0.05)
            assert not (shop.root / "backup").exists()
        assert (await waiting).exists()
