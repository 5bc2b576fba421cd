"""A file with one writer: waiting steps share a commit, a failing one harms no other, and what is deleted leaves no byte."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from hub.app.ports import TablesAway
from infra.db import open_reader
from infra.owned import FileStopped, OwnedFile, StillBusy
from infra.together import Together

SCHEMA = "CREATE TABLE IF NOT EXISTS said (id TEXT PRIMARY KEY, word TEXT NOT NULL, more TEXT)"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[OwnedFile]:
    owned = OwnedFile(tmp_path / "said.sqlite", SCHEMA)
    yield owned
    owned.close()


def say(word: str, name: str | None = None, more: str = "") -> object:
    return lambda db: db.execute("INSERT INTO said VALUES (?, ?, ?)", (name or word, word, more))


async def test_steps_that_wait_share_a_commit_in_order(file: OwnedFile) -> None:
    begun: list[str] = []
    file.do_now(lambda db: db.set_trace_callback(lambda sql: begun.append(sql) if "BEGIN" in sql else None))
    await asyncio.gather(*(file.do(say(str(n))) for n in range(100)))
    assert len(begun) <= 3
    rows = await file.do(lambda db: db.execute("SELECT word FROM said ORDER BY rowid").fetchall())
    assert [int(word) for (word,) in rows] == list(range(100))


async def test_a_full_disk_is_told_in_words_to_all_who_wait_and_the_file_goes_on(file: OwnedFile) -> None:
    await file.do(say("before"))
    pages = await file.do(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await file.alone(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    told = await asyncio.gather(
        *(file.do(say(f"big {n}", more="x" * 100_000)) for n in range(3)), return_exceptions=True
    )
    assert [type(one) for one in told] == [TablesAway] * 3 and "Free some space" in str(told[0])
    await file.alone(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
    await file.do(say("after", more="x" * 100_000))
    rows = await file.do(lambda db: db.execute("SELECT word FROM said").fetchall())
    assert [word for (word,) in rows] == ["before", "after"]


async def test_a_failing_step_is_undone_alone(file: OwnedFile) -> None:
    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO said VALUES ('half', 'half', '')")
        raise ValueError("no")

    answers = await asyncio.gather(
        file.do(say("a")), file.do(half), file.do(say("b")), return_exceptions=True
    )
    assert [type(answer).__name__ for answer in answers] == ["Cursor", "ValueError", "Cursor"]
    rows = file.do_now(lambda db: db.execute("SELECT word FROM said ORDER BY word").fetchall())
    assert rows == [("a",), ("b",)]


async def test_after_a_failed_sync_nothing_is_acknowledged_any_more(file: OwnedFile) -> None:
    class Failing:
        in_transaction = False

        def execute(self, sql: str) -> None:
            if sql == "COMMIT":
                failure = sqlite3.OperationalError("disk I/O error")
                failure.sqlite_errorname = "SQLITE_IOERR_FSYNC"
                raise failure

    real, file._connection = file._connection, Failing()  # type: ignore[assignment]
    with pytest.raises(sqlite3.OperationalError):
        await file.do(lambda db: None)
    file._connection = real
    with pytest.raises(FileStopped, match="start the hub again"):
        await file.do(say("a"))


async def test_a_caller_that_gives_up_holds_up_nobody(file: OwnedFile) -> None:
    waiting = [asyncio.create_task(file.do(say(str(n)))) for n in range(10)]
    await asyncio.sleep(0)
    waiting[4].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(answer, asyncio.CancelledError) for answer in answers) == 1
    assert file.do_now(lambda db: db.execute("SELECT count(*) FROM said").fetchone()[0]) >= 9


async def test_what_breaks_a_whole_batch_is_told_to_all_of_it() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def broken(items: list[int]) -> list[int]:
        raise OSError("gone")

    with ThreadPoolExecutor(1) as thread:
        together: Together[int, int] = Together(broken, thread)
        answers = await asyncio.gather(*(together(n) for n in range(3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["gone"] * 3


async def test_record_rule_21_a_reader_that_holds_on_is_named(file: OwnedFile) -> None:
    await file.do(say("a"))
    with closing(open_reader(file.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM said").fetchone()
        await file.do(say("b"))
        with pytest.raises(StillBusy, match=r"said\.sqlite-wal"):
            await file.scrub(rewrite=False, seconds=0.05)
    await file.scrub(rewrite=False)
    assert wal_of(file) == b""


def fill_and_forget(file: OwnedFile) -> list[str]:
    """Rows that come in no order, grow and are deleted: pages are split and merged."""
    chance, names = Random(5), list[str]()

    def fill(db: sqlite3.Connection) -> None:
        for n in range(4_000):
            names.append(str(UUID(int=chance.getrandbits(128))))
            say(f"kanarie{n:04d}x", names[-1], "w" * chance.randint(0, 400))(db)  # type: ignore[operator]
            db.execute(
                "UPDATE said SET more = more || ? WHERE id = ?",
                ("y" * chance.randint(0, 200), chance.choice(names)),
            )

    file.do_now(fill)
    file.do_now(lambda db: db.execute("DELETE FROM said WHERE rowid % 2"))
    return [f"kanarie{n:04d}x" for n in range(0, 4_000, 2)]


def wal_of(file: OwnedFile) -> bytes:
    return Path(f"{file.path}-wal").read_bytes()


def left(file: OwnedFile, words: list[str]) -> int:
    everything = file.path.read_bytes() + wal_of(file)
    return sum(word.encode() in everything for word in words)


@pytest.mark.parametrize(("rewrite", "clean"), [(True, True), (False, False)], ids=["rewritten", "control"])
async def test_record_rule_21_only_a_rewritten_file_has_no_byte_of_what_was_deleted(
    file: OwnedFile, rewrite: bool, clean: bool
) -> None:
    gone = fill_and_forget(file)
    await file.scrub(rewrite=rewrite)
    assert (left(file, gone) == 0) == clean
