"""How Amends opens SQLite files: one writer for the life of the process, readers that can only read (record rule 1)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BUSY_MS: Final = 5_000
NETWORK_FILESYSTEMS: Final = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.rclone",
    ]
)
MOUNTS: Final = Path("/proc/self/mountinfo")
SYNC_NAMES: Final = ("OFF", "NORMAL", "FULL", "EXTRA")
FULL: Final = 2
NORMAL: Final = 1


class UnsafeStore(Exception):
    """This file can't keep its promises as it stands; the message names the setting and the fix."""


def open_writer(path: Path, *, durable: bool) -> sqlite3.Connection:
    """The one read-write connection of a file, made with owner-only rights when new.

    `durable`: a commit survives a power cut (FULL); else only consistency does (NORMAL, for what can be rebuilt).
    Autocommit: say BEGIN yourself or use `transaction`. It may be used from any one thread at a time.
    Raises `UnsafeStore`.
    """
    refuse_network(path)
    refuse_read_only(path.parent)
    _create(path)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    # EXTRA before the switch: else a power cut may bring back the switch's journal and roll the new file back.
    db.execute("PRAGMA synchronous = EXTRA")
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA temp_store = MEMORY")
    refuse_unsafe(db, path, least=FULL if durable else NORMAL)
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can't write and never checkpoints. Keep its read transactions under 2 s. The file must exist."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute("PRAGMA query_only = ON")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything inside is committed together, or nothing is."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def refuse_unsafe(db: sqlite3.Connection, path: Path, *, least: int) -> None:
    """Raises `UnsafeStore` unless the connection journals by WAL and syncs at least as `least` says."""
    mode: str = db.execute("PRAGMA journal_mode").fetchone()[0]
    if mode.lower() != "wal":
        raise UnsafeStore(
            f"{path}: journal_mode is {mode}. Set it to WAL: close whatever else has the file open."
        )
    sync: int = db.execute("PRAGMA synchronous").fetchone()[0]
    if sync < least:
        raise UnsafeStore(f"{path}: synchronous is {SYNC_NAMES[sync]}. Set it to {SYNC_NAMES[least]}.")


def refuse_network(path: Path) -> None:
    """Raises `UnsafeStore` when the file would live on a network filesystem, where WAL and locks do not hold."""
    kind = filesystem(path)
    if kind in NETWORK_FILESYSTEMS:
        raise UnsafeStore(
            f"{path} is on a network filesystem ({kind}). Move the data folder to a local disk."
        )


def refuse_read_only(folder: Path) -> None:
    """Raises `UnsafeStore` when nothing can be written there, before SQLite says less about it."""
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        raise UnsafeStore(
            f"{folder} can't be written. Mount it for writing and give it to the hub's user, or set AMENDS_DATA."
        )


def filesystem(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of filesystem that holds `path`; empty where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    held = [(point, kind) for point, kind in map(_mount, lines) if _holds(point, path.absolute())]
    return max(held, key=lambda mount: len(mount[0]), default=("", ""))[1]


def _mount(line: str) -> tuple[str, str]:
    before, _, after = line.partition(" - ")
    fields, kinds = before.split(), after.split()
    return (fields[4].replace("\\040", " "), kinds[0]) if len(fields) > 4 and kinds else ("", "")


def _holds(point: str, path: Path) -> bool:
    return bool(point) and path.is_relative_to(point)


def _create(path: Path) -> None:
    if path.exists():
        return
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, not only the bytes of its files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
