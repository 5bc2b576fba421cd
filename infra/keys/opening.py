"""Opening the `keys` file with its master key, and finishing a rotation that a crash cut short."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from infra.db import sync_folder
from infra.keys.keyfile import KeyFile
from infra.keys.master import NOTE, make_master, open_master, read_master


def open_keys(path: Path, master: Path, *, tell: Callable[[str], object]) -> KeyFile:
    """The data folder's keys. On the first run makes the master key and tells where. Raises `MasterKeyProblem`."""
    current = open_master(master, data=path.parent, expected=path.exists(), tell=tell)
    coming = _coming(master)
    if coming.exists():
        tell(
            f"A change of the master key {master} was cut short. Both keys are used until you run: amends keys rotate"
        )
    return KeyFile(path, current, other=read_master(coming) if coming.exists() else None)


async def rotate(
    keys: KeyFile, master: Path, *, tell: Callable[[str], object] = print, today: datetime | None = None
) -> int:
    """Wrap every data key under a new master key and put that in the old one's place; returns the count of keys.

    A crash at any point leaves both key files, and both are tried: call it again to finish.
    """
    coming = _coming(master)
    count = await keys.rewrap(read_master(coming) if coming.exists() else make_master(coming))
    leaving = master.with_name(f"{master.name}.until-{today or datetime.now(UTC):%Y-%m-%d}")
    leaving.unlink(missing_ok=True)
    os.link(master, leaving)
    coming.replace(master)
    sync_folder(master.parent)
    keys.master = read_master(master)
    leaving.unlink()
    sync_folder(master.parent)
    tell(NOTE.format(path=master))
    return count


def interrupted(master: Path) -> bool:
    """A rotation was begun and not finished."""
    return _coming(master).exists()


def _coming(master: Path) -> Path:
    return master.with_name(f"{master.name}.next")
