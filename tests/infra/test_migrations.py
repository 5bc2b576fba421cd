"""Stores of every version come to today's: refused with what to run, brought up whole or not at all, both kinds alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from hub.cli import main
from infra import migrations
from infra.codec import MemoryRing
from infra.db import UnsafeStore
from infra.desktables.file import open_desk, open_postgres_desk
from infra.eventlog import open_log
from infra.eventlog.postgres import open_postgres_log
from infra.keys import MemoryKeys, open_keys
from infra.keys.opening import open_postgres_keys
from infra.migrations import MIGRATIONS, Migration, migrate_database, migrate_folder

SECOND = {
    "log": Migration(
        says="marks tell when",
        sqlite=("ALTER TABLE marks ADD COLUMN at INTEGER",),
        postgres=("ALTER TABLE marks ADD COLUMN at bigint",),
    ),
    "keys": Migration(
        says="keys tell whose",
        sqlite=("ALTER TABLE data_keys ADD COLUMN owner TEXT",),
        postgres=("ALTER TABLE data_keys ADD COLUMN owner text",),
    ),
    "desk": Migration(
        says="drafts tell how long",
        sqlite=("ALTER TABLE drafts ADD COLUMN size INTEGER", "UPDATE drafts SET size = length(sealed)"),
        postgres=(
            "ALTER TABLE drafts ADD COLUMN size bigint",
            "UPDATE drafts SET size = octet_length(sealed)",
        ),
    ),
}
BROKEN = Migration(
    says="nothing",
    sqlite=("CREATE TABLE half (x)", "no such statement"),
    postgres=("CREATE TABLE half (x int)", "no such statement"),
)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on this is an Amends with a second version of everything."""
    return lambda: monkeypatch.setattr(
        migrations, "MIGRATIONS", {store: (one,) for store, one in SECOND.items()}
    )


async def open_folder(data: Path) -> None:
    data.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test
    keys = open_keys(data / "keys.sqlite", data.parent / "master.key", tell=lambda note: None)
    keys.close()
    open_desk(data / "desk.sqlite", MemoryKeys(), lambda: None).close()  # type: ignore[arg-type, return-value]
    await (await open_log(data / "log.sqlite", MemoryRing())).close()


async def open_database(url: str, home: Path) -> None:
    keys = open_postgres_keys(
        url, home / "master.key", data=home / "data", tell=lambda note: None, is_durable=False
    )
    keys.close()
    open_postgres_desk(url, MemoryKeys(), lambda: None, is_durable=False).close()  # type: ignore[arg-type, return-value]
    await (await open_postgres_log(url, MemoryRing(), is_durable=False)).close()


async def test_a_folder_behind_is_refused_migrated_and_opened(
    tmp_path: Path, newer: Callable[[], None]
) -> None:
    data = tmp_path / "data"
    await open_folder(data)
    newer()
    with pytest.raises(UnsafeStore, match="amends migrate"):
        await open_folder(data)
    told = migrate_folder(data)
    assert told == [
        "log.sqlite: marks tell when",
        "keys.sqlite: keys tell whose",
        "desk.sqlite: drafts tell how long",
    ]
    await open_folder(data)
    assert migrate_folder(data) == []


async def test_a_database_behind_is_refused_migrated_and_opened(
    tmp_path: Path, postgres_url: str, newer: Callable[[], None]
) -> None:
    await open_database(postgres_url, tmp_path)
    newer()
    with pytest.raises(UnsafeStore, match="amends migrate"):
        await open_database(postgres_url, tmp_path)
    assert len(migrate_database(postgres_url)) == 3
    await open_database(postgres_url, tmp_path)
    assert migrate_database(postgres_url) == []


async def test_stores_from_before_there_were_numbers_count_as_the_first(
    tmp_path: Path, postgres_url: str, newer: Callable[[], None]
) -> None:
    await open_folder(tmp_path / "data")
    for store in MIGRATIONS:
        with sqlite3.connect(tmp_path / "data" / f"{store}.sqlite") as db:
            db.execute("PRAGMA user_version = 0")
    await open_folder(tmp_path / "data")
    (tmp_path / "two").mkdir()
    await open_database(postgres_url, tmp_path / "two")
    with psycopg.connect(postgres_url) as connection:
        for store in MIGRATIONS:
            connection.execute(f"DROP TABLE {store}.schema_version")
    await open_database(postgres_url, tmp_path / "two")
    newer()
    assert len(migrate_folder(tmp_path / "data")) == len(migrate_database(postgres_url)) == 3


async def test_a_store_ahead_is_left_alone(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(migrations, "MIGRATIONS", {store: (one,) for store, one in SECOND.items()})
        await open_folder(tmp_path / "data")
        (tmp_path / "two").mkdir()
        await open_database(postgres_url, tmp_path / "two")
    for opening in (open_folder(tmp_path / "data"), open_database(postgres_url, tmp_path / "two")):
        with pytest.raises(UnsafeStore, match="newer Amends"):
            await opening


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_folder(tmp_path / "data")
    (tmp_path / "two").mkdir()
    await open_database(postgres_url, tmp_path / "two")
    with monkeypatch.context() as later:
        later.setattr(migrations, "MIGRATIONS", dict.fromkeys(SECOND, (BROKEN,)))
        with pytest.raises(sqlite3.OperationalError):
            migrate_folder(tmp_path / "data")
        with pytest.raises(psycopg.Error):
            migrate_database(postgres_url)
    await open_folder(tmp_path / "data")
    await open_database(postgres_url, tmp_path / "two")
    with sqlite3.connect(tmp_path / "data" / "log.sqlite") as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None


def test_the_command_says_when_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert main(["migrate"]) == 0
    assert "Nothing to do" in capsys.readouterr().out


async def test_today_s_stores_are_the_first_schema_and_every_migration(
    tmp_path: Path, postgres_url: str
) -> None:
    """A changed CREATE without its migration would leave older stores behind: it is noticed here."""
    await open_folder(tmp_path / "data")
    for store in MIGRATIONS:
        first = (Path(__file__).parent / "schemas" / f"{store}-1.sql").read_text("utf-8")
        old = sqlite3.connect(":memory:")
        old.executescript(first)
        for migration in MIGRATIONS[store]:
            for statement in migration.sqlite:
                old.execute(statement)
        with sqlite3.connect(tmp_path / "data" / f"{store}.sqlite") as today:
            assert columns(today) == columns(old), store
        old.close()


def columns(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [
        name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    return {name: [row[1:] for row in db.execute(f"PRAGMA table_info({name})")] for name in tables}
