"""Which store holds the record: the data folder's own file, or PostgreSQL where `database_url` names one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from infra.codec import KeyRing
from infra.db import UnsafeStore
from infra.eventlog.log import Log, open_log

if TYPE_CHECKING:
    from infra.eventlog.postgres import PostgresLog

HubLog: TypeAlias = "Log | PostgresLog"
"""The record of a hub, on either store."""

TWO_RECORDS = (
    "{path} holds a record, and database_url names another. Move it over first: "
    "amends copy --from sqlite:{folder} --to postgresql:… ; or take one of them away."
)


async def open_record(database_url: str, path: Path, ring: KeyRing) -> HubLog:
    """Open the record, making it when new. Raises `UnsafeStore`, also when both stores hold one, and `LogAway`."""
    if not database_url:
        return await open_log(path, ring)
    if await asyncio.to_thread(path.exists):
        raise UnsafeStore(TWO_RECORDS.format(path=path, folder=path.parent))
    from infra.eventlog.postgres import open_postgres_log

    return await open_postgres_log(database_url, ring)
