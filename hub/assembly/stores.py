"""Where keys and desk tables are: in the data folder, or in the database that several processes share."""

from __future__ import annotations

from collections.abc import Callable

from hub.assembly.clock import now
from hub.assembly.files import Files
from infra.desktables.file import Desk as DeskTables
from infra.desktables.file import open_desk, open_postgres_desk
from infra.keys.keyfile import KeyTable
from infra.keys.opening import open_keys, open_postgres_keys
from infra.settings import Settings


def keys_of(settings: Settings, files: Files, tell: Callable[[str], object]) -> KeyTable:
    """In the data folder, or in the database. Raises `MasterKeyProblem`, `TablesAway`."""
    if not settings.database_url:
        return open_keys(files.keys, settings.master_key_file, tell=tell)
    return open_postgres_keys(settings.database_url, settings.master_key_file, data=files.data, tell=tell)


def tables_of(settings: Settings, files: Files, keys: KeyTable) -> DeskTables:
    if not settings.database_url:
        return open_desk(files.desk, keys, now)
    return open_postgres_desk(settings.database_url, keys, now)
