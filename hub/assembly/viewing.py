"""The views: in the data folder where one process has everything, in the database where several share it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hub.assembly.bus import bus_of, followed
from hub.assembly.clock import now
from hub.assembly.files import Files
from infra.eventlog.opening import HubLog
from infra.keys.boxes import Boxes
from infra.keys.keyfile import KeyTable
from infra.settings import Settings
from projections import file
from projections.dialect import Lookup
from projections.pages import pages
from projections.projection import Projection
from projections.rebuild import Rebuilt, rebuild
from projections.runner import Runner
from projections.states import Sealer
from projections.views import Readers

if TYPE_CHECKING:
    from projections.postgres.store import Database
    from projections.postgres.views import SharedViews

AnyViews: TypeAlias = "Runner | SharedViews"
PATIENT_S: Final = 10.0
LONGEST_S: Final = 3600.0
log = logging.getLogger("amends.projections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What follows the log, and how it is asked."""

    runner: AnyViews
    readers: Readers
    lookup: Lookup


class NoSeal:
    """For asking what projections there are."""

    def seal(self, stream: object, data: bytes) -> bytes | None:
        return None

    def unseal(self, stream: object, data: bytes) -> bytes | None:
        return None


async def open_views(
    settings: Settings, files: Files, record: HubLog, keys: KeyTable, *, writes: bool
) -> Shown:
    """At the log's incarnation. `writes`: whether this process may be the one that writes views in the database."""
    source = followed(record, await bus_of(settings, record))
    if not settings.database_url:
        book = file.open_book(files.views, pages(Boxes(keys)), await record.incarnation())
        runner = Runner(log=source, book=book, clock=now)
        return Shown(
            runner=runner, readers=file.open_reader(files.views), lookup=file.open_lookup(files.views)
        )
    from projections.postgres import reading
    from projections.postgres.views import SharedViews

    for path in (files.views, file.candidate(files.views)):
        await asyncio.to_thread(file.remove, path)  # from before they were shared: nobody would erase there
    database = database_of(settings)
    shared = SharedViews(
        log=source,
        clock=now,
        database=database,
        readers=reading.open_reader(database),
        pages=lambda: pages(Boxes(keys)),
        incarnation=await record.incarnation(),
        writes=writes,
    )
    return Shown(runner=shared, readers=shared.readers, lookup=await reading.open_lookup(database))


def database_of(settings: Settings) -> Database:
    """Where this version of the hub has its shared views."""
    from infra.eventlog.postgres.connecting import NOTICE_LOSS
    from projections.postgres.store import Database, schema_of

    sealer: Sealer = NoSeal()
    return Database(url=settings.database_url, schema=schema_of(pages(sealer)), options=NOTICE_LOSS)


def readers_of(settings: Settings) -> Readers:
    """Read-only connections for a command that opens no house."""
    if not settings.database_url:
        return file.open_reader(Files(settings.data).views)
    from projections.postgres import reading

    return reading.open_reader(database_of(settings))


async def rebuilt(views: AnyViews, fresh: Sequence[Projection], *names: str) -> Rebuilt:
    """Raises `NoSuchView`, and `AlreadyBuilding` where another process is at it."""
    if isinstance(views, Runner):
        return await rebuild(views, fresh, *names)
    from projections.postgres.rebuild import rebuild_shared

    return await rebuild_shared(views, fresh, *names)


@asynccontextmanager
async def following(runner: AnyViews, head: int) -> AsyncIterator[None]:
    """The views follow the log while the block runs; it begins once they have caught up."""
    task = asyncio.create_task(runner.run(), name="views")
    try:
        await _caught_up(runner, head)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _caught_up(runner: AnyViews, head: int) -> None:
    try:
        await runner.reached(head, patience=PATIENT_S)
    except TimeoutError:
        log.warning(
            "waiting for the views, which are at %d of %d; in a shared database some process with the role "
            "project has to run",
            max(runner.position, 0),
            head,
        )
        await runner.reached(head, patience=LONGEST_S)
