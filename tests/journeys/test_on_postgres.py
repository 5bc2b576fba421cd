"""A hub whose record is in PostgreSQL: taken in, shown, examined, rebuilt, erased, opened again."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.app.kinds import CUSTOMER
from hub.assembly import viewing
from hub.assembly.clock import now
from hub.assembly.house import open_house
from hub.assembly.verbs import handlers
from hub.assembly.working import at_work
from hub.domain.ids import StreamId
from infra.backup import BackupProblem
from infra.db import UnsafeStore
from infra.eventlog.postgres.connecting import DatabaseInUse
from infra.restore import Restored
from infra.restored import restored
from projections import views
from projections.search import search
from tests.journeys.house import a_house, deliver, settings_in
from tests.servers.nats import nats_running
from tests.servers.postgres import Cluster, free_port, run

LETTER = b"""From: Ana <ana@customers.example>
To: care@shop.example
Subject: A lamp
Message-ID: <one@customers.example>

This is a complaint: the lamp arrived broken.
"""


async def ask(house: Any, verb: str, **params: Any) -> Any:
    return await handlers(house)[verb](params)


async def test_a_letter_is_on_record_there_and_shown_and_found_again_by_the_next_hub(
    tmp_path: Path, durable_url: str
) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        landed = await deliver(house, LETTER, 1)
        assert landed.ending == "recorded" and not house.files.log.exists()
        await house.runner.reached(landed.position)
        head = await house.log.head()
    async with a_house(tmp_path, database_url=durable_url) as house:
        assert await house.log.head() == head and await house.ask(views.position) == head
        assert (await deliver(house, LETTER, 1)).ending == "known"


async def test_the_doctor_calls_it_sound_and_finds_a_gap(tmp_path: Path, durable_url: str) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        await deliver(house, LETTER, 1)
        report = await ask(house, "doctor")
        assert report["ok"] and report["events"] == await house.log.head() and report["blobs"] == 1
        with psycopg.connect(durable_url, autocommit=True) as db:
            db.execute("DELETE FROM log.stored_events WHERE notification_id = 2")
        report = await ask(house, "doctor")
        assert {problem["check"] for problem in report["problems"]} >= {"positions"}


async def test_an_erased_person_can_not_be_read_any_more_and_the_views_can_be_built_anew(
    tmp_path: Path, durable_url: str
) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        landed = await deliver(house, LETTER, 1)
        await ask(house, "erase", customer=str(landed.customer), reason="asked for")
        facts = await house.log.read_stream(StreamId(landed.customer))
        assert "lamp" not in repr(facts) and "ana@" not in repr(facts)
        built = await ask(house, "rebuild", names=["all"])
        assert built["position"] == await house.log.head()
        assert (await ask(house, "doctor"))["ok"]


async def test_what_one_process_takes_in_another_shows_and_an_erasure_reaches_both(
    tmp_path: Path, durable_url: str
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    shared = {
        "database_url": durable_url,
        "master_key_file": str(tmp_path / "m.key"),
        "vault": str(tmp_path / "v"),
    }
    async with a_house(one, **shared) as first, a_house(two, **shared) as second:
        landed = await deliver(first, LETTER, 1)
        await second.runner.reached(landed.position)
        hits = await second.ask(lambda views: search(views, "broken lamp", now()))
        assert [hit["row"]["customer"] for hit in hits] == [str(landed.customer)]
        assert await second.states.load(CUSTOMER, StreamId(landed.customer))
        await ask(second, "erase", customer=str(landed.customer), reason="asked for")
        await first.runner.reached(await first.log.head())
        assert not await first.ask(lambda views: search(views, "broken lamp", now()))


async def test_a_process_that_does_not_project_waits_for_one_that_does(
    tmp_path: Path, durable_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "PATIENT_S", 0.1)
    shared = {
        "database_url": durable_url,
        "master_key_file": str(tmp_path / "m.key"),
        "vault": str(tmp_path / "v"),
    }
    settings = settings_in(tmp_path / "two", **shared)
    async with AsyncExitStack() as stack:
        opening = asyncio.create_task(
            stack.enter_async_context(open_house(settings, tell=lambda _: None, writes=False))
        )
        async with asyncio.timeout(20):
            while "role project" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        async with a_house(tmp_path / "one", **shared) as first:
            second = await opening
            landed = await deliver(second, LETTER, 1)
            await second.runner.reached(landed.position)
            assert await first.log.head() >= landed.position


async def test_views_from_before_they_were_shared_leave_the_data_folder(
    tmp_path: Path, durable_url: str
) -> None:
    settings = settings_in(tmp_path, database_url=durable_url)
    settings.data.mkdir(parents=True)
    (settings.data / "views.sqlite").write_text("names of people")
    async with a_house(tmp_path, database_url=durable_url) as house:
        assert not house.files.views.exists()


async def test_a_backup_of_the_folder_alone_is_refused_with_what_to_do(
    tmp_path: Path, durable_url: str
) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        with pytest.raises(BackupProblem, match="use-postgresql"):
            await ask(house, "backup", folder=str(tmp_path / "copy"))


async def test_two_records_are_refused_with_what_to_do(tmp_path: Path, durable_url: str) -> None:
    async with a_house(tmp_path) as house:
        await deliver(house, LETTER, 1)
    with pytest.raises(UnsafeStore, match="amends copy"):
        async with a_house(tmp_path, database_url=durable_url):
            pass


async def test_with_nats_the_views_are_fed_by_the_bus(tmp_path: Path, durable_url: str) -> None:
    with nats_running() as nats:
        settings = {"database_url": durable_url, "nats_url": nats.url, "nats_monitor_url": nats.monitor_url}
        async with a_house(tmp_path, **settings) as house, at_work(house):
            number = 0
            async with asyncio.timeout(60):
                while not house.runner.log.carried:
                    number += 1
                    landed = await deliver(house, LETTER.replace(b"<one@", b"<%d@" % number), number)
                    await house.runner.reached(landed.position)
            assert await house.ask(views.position) >= landed.position
            await asyncio.to_thread(nats.kill)
            landed = await deliver(house, LETTER.replace(b"<one@", b"<last@"), number + 1)
            await house.runner.reached(landed.position, patience=30)


async def test_nats_that_does_not_sync_is_refused_at_the_start(tmp_path: Path, durable_url: str) -> None:
    with nats_running(sync="2m") as nats, pytest.raises(UnsafeStore, match="sync_interval: always"):
        settings = {"database_url": durable_url, "nats_url": nats.url, "nats_monitor_url": nats.monitor_url}
        async with a_house(tmp_path, **settings):
            pass


async def test_after_a_restore_the_erased_stay_erased_and_nothing_is_sent_until_somebody_says_so(
    tmp_path: Path, durable_url: str
) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        ana = await deliver(house, LETTER, 1)
        ben = await deliver(house, LETTER.replace(b"<one@", b"<two@").replace(b"ana@", b"ben@"), 2)
        with psycopg.connect(durable_url) as dump:
            kept = dump.execute("SELECT id, wrapped FROM keys.data_keys").fetchall()
        incarnation = await house.log.incarnation()
        await ask(house, "erase", customer=str(ana.customer), reason="asked for")
        with pytest.raises(DatabaseInUse):
            await after_restore(tmp_path, durable_url)
    with psycopg.connect(
        durable_url
    ) as dump:  # a backup from before the erasure is put back: her key is there again
        for key, wrapped in kept:
            dump.execute("UPDATE keys.data_keys SET wrapped = %s WHERE id = %s", (wrapped, key))
    done = await after_restore(tmp_path, durable_url)
    assert done.erased == 1 and done.incarnation != incarnation
    async with a_house(tmp_path, database_url=durable_url) as house:
        assert house.keys.state(str(ana.customer)) == "destroyed"
        assert house.keys.state(str(ben.customer)) == "held"
        assert await house.paused() and (await ask(house, "status"))["sending_paused"]
        assert (await ask(house, "resume-sending"))["was_paused"]
        assert not await house.paused()


async def test_without_the_list_of_erasures_it_is_refused(tmp_path: Path, durable_url: str) -> None:
    async with a_house(tmp_path, database_url=durable_url) as house:
        await deliver(house, LETTER, 1)
    with pytest.raises(BackupProblem, match="list of erasures"):
        await after_restore(tmp_path, durable_url)
    assert (await after_restore(tmp_path, durable_url, without_erasures=True)).erased == 0


def shown_in(url: str) -> str:
    """Whatever views say of customers' names."""
    with psycopg.connect(url) as db:
        schemas = db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'views\\_%'").fetchall()
        return "".join(
            repr(db.execute(f"SELECT name FROM {schema}.customers").fetchall()) for (schema,) in schemas
        )  # type: ignore[arg-type]


async def after_restore(folder: Path, url: str, **more: bool) -> Restored:
    settings = settings_in(folder, database_url=url)
    vault = settings.data / "vault"
    return await restored(url, settings.data, vault, settings.master_key_file, tell=lambda _: None, **more)


class Dump:
    """`pg_dump` into a file, and `pg_restore` into an empty database."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.file, self.into = cluster, folder / "amends.dump", ""

    def take(self, url: str) -> None:
        run("pg_dump", "--format=custom", f"--file={self.file}", url)

    def put_back(self) -> str:
        self.into = self.cluster.lend()
        run("pg_restore", f"--dbname={self.into}", "--no-owner", str(self.file))
        return self.into

    def clear(self) -> None:
        self.cluster.take_back(self.into)


class BaseBackup:
    """`pg_basebackup` of the whole server, started again elsewhere."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.database = cluster, ""
        self.other = Cluster(Path(tempfile.mkdtemp(prefix="pg")), free_port())

    def take(self, url: str) -> None:
        self.database = url.rpartition("/")[2]
        run(
            "pg_basebackup", f"--dbname={self.cluster.url()}", f"--pgdata={self.other.data}", "--checkpoint=fast",
            "--wal-method=stream",
        )  # fmt: skip

    def put_back(self) -> str:
        self.other.start()
        return self.other.url(self.database)

    def clear(self) -> None:
        self.other.stop("immediate")
        shutil.rmtree(self.other.folder)


@pytest.mark.parametrize("way", [Dump, BaseBackup])
async def test_a_backup_made_while_serving_is_restored_as_the_page_says(
    tmp_path: Path, durable_postgres: Any, durable_url: str, way: type[Dump | BaseBackup]
) -> None:
    backup = way(durable_postgres, tmp_path)
    async with a_house(tmp_path, database_url=durable_url) as house:
        ana = await deliver(house, LETTER, 1)
        ben = await deliver(house, LETTER.replace(b"<one@", b"<two@").replace(b"ana@", b"ben@"), 2)
        await house.runner.reached(ben.position)
        await asyncio.to_thread(backup.take, durable_url)
        await ask(house, "erase", customer=str(ana.customer), reason="asked for")
    elsewhere = await asyncio.to_thread(backup.put_back)
    assert "Ana" in shown_in(elsewhere)
    done = await after_restore(tmp_path, elsewhere)
    assert shown_in(elsewhere) == "", "views of a backup may show who was erased since"
    async with a_house(tmp_path, database_url=elsewhere) as house:
        assert (done.erased, await house.log.head()) == (1, done.position)
        assert house.keys.state(str(ana.customer)) == "destroyed"
        (theirs,) = [
            fact
            for fact in await house.log.read_stream(StreamId(ben.customer))
            if "message.received" in fact.name
        ]
        assert b"lamp" in await house.vault.open(theirs.event.raw)
        assert (await ask(house, "doctor"))["ok"]
        carla = LETTER.replace(b"<one@", b"<three@").replace(b"ana@", b"carla@")
        assert (await deliver(house, carla, 3)).ending == "recorded"
    await asyncio.to_thread(backup.clear)
