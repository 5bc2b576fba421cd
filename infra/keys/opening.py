"""Opening the `keys` file with its master key, and finishing a rotation that a crash cut short."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from infra.db import sync_folder
from infra.keys.keyfile import KeyFile, KeyTable
from infra.keys.master import NOTE, MasterKey, make_master, open_master, read_master

if TYPE_CHECKING:
    from infra.keys.postgres import PostgresKeys


def open_keys(path: Path, master: Path, *, tell: Callable[[str], object]) -> KeyFile:
    """The data folder's keys. On the first run makes the master key and tells where. Raises `MasterKeyProblem`."""
    current = open_master(master, data=path.parent, expected=path.exists(), tell=tell)
    return KeyFile(path, current, other=_other(master, tell))


def open_postgres_keys(
    url: str, master: Path, *, data: Path, tell: Callable[[str], object], is_durable: bool = True
) -> PostgresKeys:
    """The same in a database; `data`: the folder that the master key must not be in. Raises `MasterKeyProblem`, `TablesAway`."""
    from infra.keys.postgres import PostgresKeys, has_keys

    current = open_master(master, data=data, expected=has_keys(url), tell=tell)
    return PostgresKeys(url, current, other=_other(master, tell), is_durable=is_durable)


async def rotate(
    keys: KeyTable, master: Path, *, tell: Callable[[str], object] = print, today: datetime | None = None
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


def _other(master: Path, tell: Callable[[str], object]) -> MasterKey | None:
    """The key of a rotation that was cut short."""
    coming = _coming(master)
    if not coming.exists():
        return None
    tell(
        f"A change of the master key {master} was cut short. Both keys are used until you run: amends keys rotate"
    )
    return read_master(coming)


def interrupted(master: Path) -> bool:
    """A rotation was begun and not finished."""
    return _coming(master).exists()


def _coming(master: Path) -> Path:
    return master.with_name(f"{master.name}.next")
