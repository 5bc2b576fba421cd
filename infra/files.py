"""Files that are there, whole and synced, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

from infra.db import sync_folder


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` in one step: written beside it, synced, renamed, folder synced."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    write_synced(beside, content, mode=mode)
    beside.replace(path)
    sync_folder(path.parent)


def write_synced(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write and sync a file; its name is durable only after `sync_folder`."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb", buffering=0) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(handle)
