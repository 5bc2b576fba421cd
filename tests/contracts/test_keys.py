"""Every implementation of the keys keeps these promises; the file keeps more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.errors import CustomerErased
from hub.domain.ids import StreamId
from infra.keys import (
    KeyCache,
    KeyFile,
    LookupSecrets,
    MasterKeyProblem,
    MemoryKeys,
    default_path,
    interrupted,
    open_keys,
    rotate,
)
from infra.keys.keyfile import KeyTable
from infra.keys.opening import open_postgres_keys
from infra.keys.postgres import PostgresKeys


def in_folder(tmp_path: Path) -> KeyFile:
    (tmp_path / "data").mkdir(exist_ok=True)
    return open_keys(tmp_path / "data" / "keys", tmp_path / "home" / "shop.key", tell=lambda note: None)


def in_database(url: str, tmp_path: Path) -> PostgresKeys:
    master, data = tmp_path / "home" / "shop.key", tmp_path / "data"
    return open_postgres_keys(url, master, data=data, tell=lambda note: None, is_durable=False)


@pytest.fixture(params=["file", "memory", "postgres"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyTable | MemoryKeys]:
    if request.param == "memory":
        yield MemoryKeys()
        return
    is_file = request.param == "file"
    made = in_folder(tmp_path) if is_file else in_database(request.getfixturevalue("postgres_url"), tmp_path)
    yield made
    made.close()


def stream() -> StreamId:
    return StreamId(uuid4())


async def test_a_stream_that_was_ensured_has_a_key_and_keeps_it(keys: KeyTable | MemoryKeys) -> None:
    one = stream()
    await keys.ensure(one)
    first = keys.key(str(one))
    await keys.ensure(one)
    assert first is not None and len(first) == 32
    assert keys.key(str(one)) == first


async def test_two_streams_have_two_keys(keys: KeyTable | MemoryKeys) -> None:
    one, other = stream(), stream()
    await keys.ensure(one)
    await keys.ensure(other)
    assert keys.key(str(one)) != keys.key(str(other))


async def test_a_key_that_was_never_made_is_unknown(keys: KeyTable | MemoryKeys) -> None:
    assert keys.key(str(stream())) is None
    assert keys.state(str(stream())) == "unknown"


async def test_a_destroyed_key_stays_destroyed(keys: KeyTable | MemoryKeys) -> None:
    one = stream()
    await keys.ensure(one)
    await keys.destroy([str(one)])
    assert keys.key(str(one)) is None
    assert keys.state(str(one)) == "destroyed"
    with pytest.raises(CustomerErased):
        await keys.ensure(one)


async def test_an_id_without_a_key_can_be_barred_for_ever(keys: KeyTable | MemoryKeys) -> None:
    one = stream()
    await keys.destroy([str(one)])
    with pytest.raises(CustomerErased):
        await keys.ensure(one)


async def test_twenty_at_once_for_one_stream_see_one_key(keys: KeyTable | MemoryKeys) -> None:
    one = stream()
    await asyncio.gather(*(keys.ensure(one) for _ in range(20)))
    assert keys.state(str(one)) == "held"


async def test_record_rule_17_keys_and_the_lookup_key_are_the_same_after_a_restart(tmp_path: Path) -> None:
    before, one = in_folder(tmp_path), stream()
    await before.ensure(one)
    key, hashed = before.key(str(one)), before.secrets.keyed("claim", "a@example.org")
    before.close()
    after = in_folder(tmp_path)
    assert after.key(str(one)) == key
    assert after.secrets.keyed("claim", "a@example.org") == hashed
    after.close()


async def test_record_rule_21_no_byte_of_a_destroyed_key_is_left_in_any_file(tmp_path: Path) -> None:
    keys = in_folder(tmp_path)
    streams = [stream() for _ in range(400)]
    await asyncio.gather(*(keys.ensure(one) for one in streams))
    rows = dict(keys.file.do_now(lambda db: db.execute("SELECT id, wrapped FROM data_keys").fetchall()))
    doomed = [str(one) for one in streams[::2]]
    assert everything_in(tmp_path / "data").count(rows[doomed[0]]) >= 1
    await keys.destroy(doomed)
    await keys.scrub()
    left = everything_in(tmp_path / "data")
    keys.close()
    assert [one for one in doomed if rows[one] in left] == []
    assert all(rows[str(one)] in left for one in streams[1::2])


async def test_without_the_scrub_the_bytes_are_still_there(tmp_path: Path) -> None:
    """The negative control of the test above."""
    keys, one = in_folder(tmp_path), stream()
    await keys.ensure(one)
    wrapped = keys.file.do_now(
        lambda db: db.execute("SELECT wrapped FROM data_keys WHERE id = ?", (str(one),)).fetchone()[0]
    )
    await keys.destroy([str(one)])
    assert wrapped in everything_in(tmp_path / "data")
    keys.close()


async def test_in_a_database_keys_are_the_same_after_a_restart_and_for_a_second_process(
    tmp_path: Path, postgres_url: str
) -> None:
    before, one = in_database(postgres_url, tmp_path), stream()
    await before.ensure(one)
    second = in_database(postgres_url, tmp_path)
    assert second.key(str(one)) == before.key(str(one))
    assert second.secrets.keyed("claim", "a") == before.secrets.keyed("claim", "a")
    before.close()
    second.close()
    (tmp_path / "home" / "shop.key").unlink()
    with pytest.raises(MasterKeyProblem, match="is missing"):
        in_database(postgres_url, tmp_path)


async def test_record_rule_21_in_a_database_a_scrub_writes_the_table_anew(
    tmp_path: Path, postgres_url: str
) -> None:
    keys, one = in_database(postgres_url, tmp_path), stream()
    await keys.ensure(one)
    size = "SELECT pg_relation_filenode('keys.data_keys')"
    before = keys.file.do_now(lambda db: db.execute(size).fetchone())
    await keys.destroy([str(one)])
    await keys.scrub()
    assert keys.file.do_now(lambda db: db.execute(size).fetchone()) != before
    assert keys.state(str(one)) == "destroyed"
    keys.close()


async def test_record_rule_21_in_a_database_no_wrapped_key_is_kept_as_a_sample(
    tmp_path: Path, postgres_url: str
) -> None:
    keys = in_database(postgres_url, tmp_path)
    await asyncio.gather(*(keys.ensure(stream()) for _ in range(20)))
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("ANALYZE keys.data_keys")
        assert db.execute("SELECT attname FROM pg_stats WHERE schemaname = 'keys'").fetchall() == []
    keys.close()


async def test_record_rule_20_what_one_process_destroys_another_forgets_at_once(
    tmp_path: Path, postgres_url: str
) -> None:
    here, there, one, told = (
        in_database(postgres_url, tmp_path),
        in_database(postgres_url, tmp_path),
        stream(),
        asyncio.Event(),
    )
    await here.ensure(one)
    listening = asyncio.create_task(there.listen(told.set))
    async with asyncio.timeout(20):
        await told.wait()
    told.clear()
    assert there.key(str(one)) is not None
    await here.destroy([str(one)])
    async with asyncio.timeout(20):
        await told.wait()
    assert there.key(str(one)) is None
    listening.cancel()
    await asyncio.wait([listening])
    here.close()
    there.close()


async def test_without_listening_it_would_be_used_for_as_long_as_it_is_kept(
    tmp_path: Path, postgres_url: str
) -> None:
    """The control: what the cache alone does, for at most a minute."""
    here, there, one = in_database(postgres_url, tmp_path), in_database(postgres_url, tmp_path), stream()
    await here.ensure(one)
    assert there.key(str(one)) is not None
    await here.destroy([str(one)])
    assert there.key(str(one)) is not None and there.state(str(one)) == "destroyed"
    here.close()
    there.close()


async def test_in_a_database_rotating_keeps_every_key(tmp_path: Path, postgres_url: str) -> None:
    keys, one, master = in_database(postgres_url, tmp_path), stream(), tmp_path / "home" / "shop.key"
    await keys.ensure(one)
    key, old = keys.key(str(one)), master.read_text()
    assert await rotate(keys, master, tell=lambda note: None) == 2
    keys.close()
    assert master.read_text() != old
    again = in_database(postgres_url, tmp_path)
    assert again.key(str(one)) == key
    again.close()


def test_record_rule_20_a_cached_key_is_dropped_after_a_minute() -> None:
    now = 0.0
    cache = KeyCache(seconds=60, clock=lambda: now)
    cache.put("a", b"k" * 32)
    assert cache.get("a")
    now = 60.0
    assert cache.get("a") is None


def test_the_cache_forgets_the_least_recently_used() -> None:
    cache = KeyCache(size=2)
    for name in "ab":
        cache.put(name, b"k" * 32)
    cache.get("a")
    cache.put("c", b"k" * 32)
    assert [bool(cache.get(name)) for name in "abc"] == [True, False, True]


def test_the_first_run_makes_the_master_key_outside_and_says_so_once(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "data").mkdir()
    for _ in range(2):
        open_keys(tmp_path / "data" / "keys", tmp_path / "home" / "shop.key", tell=told.append).close()
    assert len(told) == 1
    assert str(tmp_path / "home" / "shop.key") in told[0] and "KEEP A COPY" in told[0]
    assert (tmp_path / "home" / "shop.key").stat().st_mode & 0o777 == 0o600


def spoil_by_mode(master: Path) -> None:
    master.chmod(0o640)


def spoil_by_loss(master: Path) -> None:
    master.unlink()


def spoil_by_cut(master: Path) -> None:
    master.write_text(master.read_text()[:30])


def spoil_by_another(master: Path) -> None:
    master.unlink()
    (master.parent / "other").mkdir()
    open_keys(master.parent / "other" / "keys", master, tell=lambda note: None).close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_by_mode, "chmod 600"),
        (spoil_by_loss, "is missing"),
        (spoil_by_cut, "not a whole master key"),
        (spoil_by_another, "another master key"),
    ],
)
def test_a_spoilt_master_key_is_refused_with_a_way_out(tmp_path: Path, spoil: object, says: str) -> None:
    in_folder(tmp_path).close()
    spoil(tmp_path / "home" / "shop.key")  # type: ignore[operator]
    with pytest.raises(MasterKeyProblem, match=says):
        in_folder(tmp_path)


def test_a_master_key_inside_the_data_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyProblem, match="AMENDS_MASTER_KEY_FILE"):
        open_keys(tmp_path / "keys", tmp_path / "secret" / "shop.key", tell=lambda note: None)


def test_without_a_home_the_error_names_the_setting() -> None:
    with pytest.raises(MasterKeyProblem, match="AMENDS_MASTER_KEY_FILE"):
        default_path("shop", {})
    assert default_path("shop", {"HOME": "/home/a"}) == Path("/home/a/.config/amends/shop.key")
    assert default_path("shop", {"AMENDS_MASTER_KEY_FILE": "/safe/k"}) == Path("/safe/k")


async def test_record_rule_17_rotating_the_master_key_keeps_every_key(tmp_path: Path) -> None:
    keys, one, gone = in_folder(tmp_path), stream(), stream()
    await keys.ensure(one)
    await keys.ensure(gone)
    await keys.destroy([str(gone)])
    key, master = keys.key(str(one)), tmp_path / "home" / "shop.key"
    old, hashed, told = master.read_text(), keys.secrets.keyed("claim", "a"), list[str]()
    await asyncio.gather(rotate(keys, master, tell=told.append), *(keys.ensure(stream()) for _ in range(50)))
    assert "KEEP A COPY" in told[0]
    await keys.ensure(stream())
    keys.close()
    assert master.read_text() != old and sorted(p.name for p in master.parent.iterdir()) == ["shop.key"]
    again = in_folder(tmp_path)
    assert again.key(str(one)) == key and again.secrets.keyed("claim", "a") == hashed
    assert again.state(str(gone)) == "destroyed" and len(list(again.held())) == 53
    again.close()
    master.write_text(old)
    with pytest.raises(MasterKeyProblem, match="another master key"):
        in_folder(tmp_path)


async def test_a_rotation_cut_short_opens_with_both_and_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, one, master = in_folder(tmp_path), stream(), tmp_path / "home" / "shop.key"
    await keys.ensure(one)
    key, link = keys.key(str(one)), os.link

    def dies(source: Path, target: Path) -> None:
        if source == master:
            raise KeyboardInterrupt
        link(source, target)

    with monkeypatch.context() as crash:
        crash.setattr("os.link", dies)
        with pytest.raises(KeyboardInterrupt):
            await rotate(keys, master)
    keys.close()
    again = in_folder(tmp_path)
    assert interrupted(master) and again.key(str(one)) == key
    await rotate(again, master)
    again.close()
    assert not interrupted(master)
    last = in_folder(tmp_path)
    assert last.key(str(one)) == key
    last.close()


def test_a_first_run_cut_short_leaves_no_half_key_that_stops_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr("os.fsync", dies)
        with pytest.raises(KeyboardInterrupt):
            in_folder(tmp_path)
    assert not (tmp_path / "home" / "shop.key").exists()
    in_folder(tmp_path).close()


@settings(deadline=None)
@given(st.lists(st.text() | st.binary(), max_size=4), st.lists(st.text() | st.binary(), max_size=4))
def test_record_rule_15_keyed_hashes_are_equal_only_for_equal_parts(
    a: list[str | bytes], b: list[str | bytes]
) -> None:
    secrets = LookupSecrets(b"k" * 32)
    assert (secrets.keyed("p", *a) == secrets.keyed("p", *b)) == (a == b)
    assert secrets.keyed("p", *a) != secrets.keyed("q", *a)


def test_derived_ids_repeat_for_the_same_cause_and_key_only() -> None:
    mine, theirs = LookupSecrets(b"k" * 32), LookupSecrets(b"l" * 32)
    assert mine.derived("reaction", "42") == mine.derived("reaction", "42")
    assert mine.derived("reaction", "42") != theirs.derived("reaction", "42")
    assert mine.derived("reaction", "42").version == 8


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    keys = in_folder(tmp_path)
    assert repr(keys.master.secret) not in repr(keys.master) and repr(keys.secrets.key) not in repr(
        keys.secrets
    )
    keys.close()


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
