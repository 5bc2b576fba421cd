"""Putting a backup back: what was erased stays erased, and nothing is sent until somebody says so (record rule 25)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import lock
from infra.backup import (
    DESK,
    KEYS,
    LOG,
    VAULT,
    BackupProblem,
    Manifest,
    copy_database,
    copy_vault,
    read_manifest,
    write_keys,
)
from infra.db import open_reader, sync_folder
from infra.erasures import Doomed, ErasureList, list_beside
from infra.eventlog.log import renew_incarnation
from infra.files import write_whole
from infra.keys.keyfile import GONE
from infra.keys.master import MasterKey, open_master, read_master

PAUSED: Final = "sending-paused"
"""A file in the data folder; in a database a mark of the log, with the value `WAITING`."""
WAITING: Final = "restored"
PAUSE_NOTE: Final = b"Restored from a backup: nothing is sent until `amends resume-sending`.\n"

Rows = Iterator[tuple[str, bytes | None, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`erased`: erasures that were applied, to be finished at the first start. `paused`: nothing is sent."""

    position: int
    incarnation: str
    erased: int
    paused: bool = True


def restore(
    source: Path,
    data: Path,
    master: Path,
    *,
    keys_from: Path | None = None,
    without_erasures: bool = False,
    tell: Callable[[str], object] = print,
) -> Restored:
    """Make `data` anew from the backup `source`; it appears whole or not at all. Raises `BackupProblem`, `MasterKeyProblem`.

    `keys_from`: a newer backup whose keys are taken. `without_erasures`: the list of erasures is lost, and people who
    asked to be erased after the backup come back; say so only when there is no copy of the list.
    """
    manifest = read_manifest(source)
    rows = _keys_of(keys_from or source, read_manifest(keys_from or source), master)
    doomed = doomed_of(master, without_erasures)
    if data.exists() and {path.name for path in data.iterdir()} - {lock.NAME}:
        raise BackupProblem(f"{data} is not empty. Move it away, or name another data folder (AMENDS_DATA).")
    building = data.with_name(f"{data.name}.restoring")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    incarnation = _build(
        source, building, rows, doomed, open_master(master, data=data, expected=False, tell=tell)
    )
    if data.exists():
        (data / lock.NAME).unlink(missing_ok=True)
        data.rmdir()
    building.rename(data)
    sync_folder(data.parent)
    return Restored(position=manifest.position, incarnation=incarnation, erased=len(doomed))


def sending_paused(data: Path) -> bool:
    """Whether letters wait for `resume_sending`."""
    return (data / PAUSED).exists()


def resume_sending(data: Path) -> bool:
    """Let letters go again; False when they were not held."""
    was_paused = sending_paused(data)
    (data / PAUSED).unlink(missing_ok=True)
    return was_paused


def _build(source: Path, building: Path, rows: Rows, doomed: list[Doomed], master: MasterKey) -> str:
    copy_database(source / LOG, building / LOG)
    copy_vault(source / VAULT, building / VAULT)
    write_keys(building / KEYS, _without(rows, doomed), master)
    copy_database(source / DESK, building / DESK)
    _forget(building, doomed)
    write_whole(building / PAUSED, PAUSE_NOTE)
    if doomed:
        ErasureList(list_beside(master.path)).again()
    return renew_incarnation(building / LOG)


def _keys_of(folder: Path, manifest: Manifest, master: Path) -> Rows:
    """Keys of a backup, opened with its dated key."""
    path = master.with_name(manifest.key_file)
    if not path.exists():
        raise BackupProblem(
            f"The key {path}, which opens the keys in {folder}, is not there: it is kept until {manifest.expires}. "
            "Put your copy of it there, or take the keys of a newer backup (--keys-from)."
        )
    return _rows(folder / KEYS, read_master(path))


def _rows(path: Path, dated: MasterKey) -> Rows:
    with closing(open_reader(path)) as reader:
        found = reader.execute("SELECT id, wrapped, made_at FROM data_keys ORDER BY slot").fetchall()
    for key_id, wrapped, made_at in found:
        key = None if wrapped == GONE else dated.unwrap(key_id, wrapped)
        if key is None and wrapped != GONE:
            raise BackupProblem(f"{dated.path} does not open the keys in {path}. Put the right copy there.")
        yield key_id, key, made_at


def doomed_of(master: Path, without_erasures: bool) -> list[Doomed]:
    path = list_beside(master)
    if path.exists():
        return ErasureList(path).all()
    if without_erasures:
        return []
    raise BackupProblem(
        f"The list of erasures {path} is missing: people who were erased after the backup would come back. "
        "Put your copy of it there; only if there is none, say --without-erasures."
    )


def _without(rows: Rows, doomed: list[Doomed]) -> Rows:
    """The keys of erased people as destroyed; ids that the backup does not know are barred too."""
    gone = {str(name): 0 for one in doomed for name in (*one.streams, *one.blobs)}
    for key_id, key, made_at in rows:
        yield key_id, None if key_id in gone else key, made_at
        gone.pop(key_id, None)
    yield from ((key_id, None, made_at) for key_id, made_at in gone.items())


def _forget(building: Path, doomed: list[Doomed]) -> None:
    """Blobs and drafts of erased people, and every session: who was signed in signs in again."""
    for blob in {blob for one in doomed for blob in one.blobs}:
        (building / VAULT / blob[:2] / blob[2:]).unlink(missing_ok=True)
    streams = [(str(stream),) for one in doomed for stream in one.streams]
    with closing(sqlite3.connect(building / DESK, isolation_level=None)) as desk:
        desk.execute("PRAGMA secure_delete = ON")
        desk.executemany("DELETE FROM drafts WHERE customer = ?", streams)
        desk.execute("DELETE FROM sessions")
        desk.execute("VACUUM")
