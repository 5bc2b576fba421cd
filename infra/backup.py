"""Backup while serving: log, vault, keys, desk, in this order, so that whatever the log names is there (record rule 24)."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from infra.db import open_reader, sync_folder
from infra.files import write_whole
from infra.keys.keyfile import GONE, INSERT, SCHEMA, KeyTable
from infra.keys.master import MasterKey, make_master, read_master
from infra.owned import OwnedFile
from infra.vault import INCOMING

MANIFEST: Final = "backup.json"
LOG: Final = "log.sqlite"
KEYS: Final = "keys.sqlite"
DESK: Final = "desk.sqlite"
VAULT: Final = "vault"
KEEP_KEYS: Final = timedelta(days=30)


class BackupProblem(ValueError):
    """The backup was not made or not restored; the message says what to do."""


class Files(Protocol):
    """Where things are in a data folder."""

    @property
    def log(self) -> Path: ...

    @property
    def keys(self) -> Path: ...

    @property
    def desk(self) -> Path: ...

    @property
    def vault(self) -> Path: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`position`: the last event in it. `key_file`: the key that opens its keys, beside the master key until `expires`."""

    made_at: str
    position: int
    incarnation: str
    workspace: str
    blobs: int
    key_file: str
    expires: str


async def backup(target: Path, files: Files, keys: KeyTable, house: asyncio.Lock, now: datetime) -> Manifest:
    """Copy everything into a new folder; the manifest is written last and makes it complete. Raises `BackupProblem`.

    Letters may come and go meanwhile; erasing and sweeping wait (`house`).
    """
    async with house:
        return await asyncio.to_thread(_backup, target, files, keys, now)


def expire_backup_keys(master: Path, today: date) -> list[Path]:
    """Destroy the keys of backups older than 30 days; what those backups hold can't be opened any more."""
    pattern = re.compile(re.escape(master.name) + r"\.backup-(\d{4}-\d\d-\d\d)")
    old = [
        path
        for path in sorted(master.parent.glob(f"{master.name}.backup-*"))
        if (found := pattern.fullmatch(path.name)) and today - date.fromisoformat(found[1]) > KEEP_KEYS
    ]
    for path in old:
        _destroy(path)
    return old


def read_manifest(folder: Path) -> Manifest:
    """Raises `BackupProblem` when the folder holds no whole backup."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as broken:
        raise BackupProblem(
            f"{folder} holds no complete backup ({MANIFEST} is missing or damaged). Name another folder."
        ) from broken


def copy_database(source: Path, target: Path) -> None:
    """One consistent moment of a database in use, as a single synced file."""
    with closing(open_reader(source)) as reader, closing(sqlite3.connect(target)) as copy:
        reader.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    target.chmod(0o600)
    _sync(target)


def copy_vault(source: Path, target: Path) -> int:
    """Sealed files never change, so they are linked where the disk is the same and copied elsewhere; returns how many."""
    target.mkdir(mode=0o700)
    (target / INCOMING).mkdir(mode=0o700)
    count = 0
    for folder in sorted(path for path in source.iterdir() if path.name != INCOMING):
        (target / folder.name).mkdir(mode=0o700)
        for blob in folder.iterdir():
            link_or_copy(blob, target / folder.name / blob.name)
            count += 1
        sync_folder(target / folder.name)
    sync_folder(target)
    return count


def write_keys(path: Path, rows: Iterable[tuple[str, bytes | None, int]], master: MasterKey) -> None:
    """A new keys file with these keys wrapped by `master`; destroyed ones stay destroyed."""
    file = OwnedFile(path, SCHEMA, store="keys")
    try:
        wrapped = (
            (name, GONE if key is None else master.wrap(name, key), made_at) for name, key, made_at in rows
        )
        file.do_now(lambda db: db.executemany(INSERT, wrapped))
    finally:
        file.close()


def _backup(target: Path, files: Files, keys: KeyTable, now: datetime) -> Manifest:
    if target.exists() and any(target.iterdir()):
        raise BackupProblem(f"{target} is not empty. Name a new folder for the backup.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    expire_backup_keys(keys.master.path, now.date())
    dated = _dated_key(keys.master.path, now.date())
    copy_database(files.log, target / LOG)
    blobs = copy_vault(files.vault, target / VAULT)
    write_keys(target / KEYS, keys.everything(), dated)
    copy_database(files.desk, target / DESK)
    manifest = _manifest(target / LOG, blobs, dated, now)
    write_whole(target / MANIFEST, json.dumps(asdict(manifest), indent=2).encode())
    sync_folder(target.parent)
    return manifest


def _manifest(log: Path, blobs: int, dated: MasterKey, now: datetime) -> Manifest:
    with closing(open_reader(log)) as reader:
        position, incarnation, workspace = reader.execute(
            "SELECT position, incarnation, workspace FROM head"
        ).fetchone()
    return Manifest(
        made_at=now.astimezone(UTC).isoformat(),
        position=position,
        incarnation=incarnation,
        workspace=workspace,
        blobs=blobs,
        key_file=dated.path.name,
        expires=(now.date() + KEEP_KEYS).isoformat(),
    )


def _dated_key(master: Path, today: date) -> MasterKey:
    path = master.with_name(f"{master.name}.backup-{today.isoformat()}")
    return read_master(path) if path.exists() else make_master(path)


def link_or_copy(source: Path, target: Path) -> None:
    """Both names of one file where the disk is the same, else a synced copy that is there whole or not at all."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # swept or erased since the folder was listed
    except OSError:
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, part)
        _sync(part)
        part.replace(target)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _destroy(path: Path) -> None:
    """Overwritten before the name goes."""
    with path.open("r+b", buffering=0) as file:
        file.write(bytes(path.stat().st_size))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)
