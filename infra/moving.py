"""A whole record moves from its data folder into PostgreSQL: vault, keys, desk tables, then the log, which makes it a record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from infra.backup import DESK, KEYS, LOG, VAULT, link_or_copy
from infra.db import open_reader, sync_folder
from infra.desktables.file import POSTGRES as DESK_TABLES
from infra.eventlog.postgres.connecting import refuse_hubs
from infra.eventlog.postgres.copying import Copied, CopyProblem, Tell, copy_log
from infra.keys.keyfile import EVERYTHING
from infra.keys.postgres import TABLES as KEY_TABLES
from infra.lock import one_hub
from infra.postgres_rows import PostgresRows
from infra.rows import Database
from infra.vault import INCOMING

DESK_KEPT: Final = ("credentials", "sessions", "drafts", "answers", "counters")
"""Leases are not among them: nobody holds one while nobody runs."""
AT_ONCE: Final = 1_000
PUT_KEYS: Final = """INSERT INTO data_keys (id, wrapped, made_at) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET wrapped = excluded.wrapped, made_at = excluded.made_at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`vault`: where letters and files are now; `blobs`: how many were brought there, 0 when they stay where they were."""

    log: Copied
    keys: int
    desk: int
    blobs: int
    vault: Path


def move(data: Path, url: str, vault: Path | None = None, tell: Tell = lambda there, all_: None) -> Moved:
    """Bring the record in the folder `data` into the database at `url`; `data` stays as it is. No hub may run on either.

    `vault`: a new place for letters and files. Called again after it was cut short, it goes on. Keys stay wrapped by the
    same master key. Raises `CopyProblem`, `HubRunning`, `DatabaseInUse`, `UnsafeStore`, `TablesAway`.
    """
    if not (data / LOG).exists():
        raise CopyProblem(f"{data} holds no record ({LOG} is missing). Name a data folder.")
    counts = {"keys": 0, "desk": 0, "blobs": 0}

    def also() -> None:
        counts["blobs"] = _bring_vault(data / VAULT, vault) if vault else 0
        counts["keys"] = _bring_keys(data / KEYS, url)
        counts["desk"] = _bring_desk(data / DESK, url)

    refuse_hubs(url)
    with one_hub(data):
        log = copy_log(data / LOG, url, tell, also)
    return Moved(log=log, vault=vault or data / VAULT, **counts)


def _bring_keys(source: Path, url: str) -> int:
    """Every row as it is, wrapped. Raises `CopyProblem` when both sides differ afterwards."""
    rows = PostgresRows(url, "keys", KEY_TABLES)
    try:
        with closing(open_reader(source)) as here:
            for page in _pages(here.execute(EVERYTHING)):
                rows.do_now(lambda db, page=page: db.executemany(PUT_KEYS, page))  # type: ignore[misc]
            theirs = rows.do_now(lambda db: db.execute(EVERYTHING).fetchall())
            if _digest(here.execute(EVERYTHING)) != _digest(theirs):
                raise CopyProblem(
                    "The keys in the database are not those of this record. Name an empty database."
                )
            return len(theirs)
    finally:
        rows.close()


def _bring_desk(source: Path, url: str) -> int:
    rows = PostgresRows(url, "desk", DESK_TABLES)
    try:
        with closing(open_reader(source)) as here:
            return rows.do_now(lambda db: _bring_tables(here, db))
    finally:
        rows.close()


def _bring_tables(here: sqlite3.Connection, there: Database) -> int:
    return sum(_bring_table(here, there, table) for table in DESK_KEPT)


def _bring_table(here: sqlite3.Connection, there: Database, table: str) -> int:
    found = here.execute(f"SELECT * FROM {table}")  # noqa: S608 - one of ours
    columns = [column[0] for column in found.description]
    put = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    there.execute(f"DELETE FROM {table}")  # noqa: S608
    rows = found.fetchall()
    there.executemany(put, rows)
    return len(rows)


def _bring_vault(source: Path, target: Path) -> int:
    """Sealed files never change and are named by their hash: those that are there are left alone."""
    (target / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
    count = 0
    for folder in sorted(path for path in source.iterdir() if path.name != INCOMING):
        (target / folder.name).mkdir(exist_ok=True, mode=0o700)
        for blob in folder.iterdir():
            if not (target / folder.name / blob.name).exists():
                link_or_copy(blob, target / folder.name / blob.name)
            count += 1
        sync_folder(target / folder.name)
    sync_folder(target)
    return count


def _pages(rows: sqlite3.Cursor) -> Iterator[list[Any]]:
    while page := rows.fetchmany(AT_ONCE):
        yield page


def _digest(rows: Any) -> bytes:
    """Of all rows, in whatever order they come."""
    whole = sha256()
    for row in sorted(_one(row) for row in rows):
        whole.update(row)
    return whole.digest()


def _one(row: Sequence[object]) -> bytes:
    return sha256(repr(tuple(row)).encode()).digest()
