"""Care of the record while it is open: erase, sweep, back up, rotate, examine, rebuild; and what is done at each start and every day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from hub.assembly.house import House, now
from hub.assembly.viewing import rebuilt
from hub.domain.ids import BlobId, CustomerId
from hub.domain.vocabulary import Actor
from infra.backup import BackupProblem, backup, expire_backup_keys
from infra.doctor import Patient, examine
from infra.erasure import Erasing, erase, resume
from infra.erasures import ErasureList, list_beside
from infra.eventlog.opening import HubLog
from infra.keys.boxes import Boxes
from infra.keys.opening import rotate
from infra.references import blobs_in
from infra.sweep import Sweeping, sweep
from projections import parked
from projections.pages import pages
from projections.rebuild import AlreadyBuilding, NoSuchView
from projections.telling import Lag
from projections.views import standings

Params = Mapping[str, Any]
Verb = Callable[[House, Params], Awaitable[Mapping[str, Any]]]

OPERATOR: Final = Actor(kind="system", id="operator")
LONGEST: Final = 3600.0
"""Seconds that an erasure waits for the views."""
MINUTE: Final = 60.0
DAY: Final = 24 * 3600.0

log = logging.getLogger(__name__)

ELSEWHERE: Final = (
    "The record is in PostgreSQL: back it up with PostgreSQL's own means, together with the data folder "
    "(docs/how-to/use-postgresql.md says how)."
)

_turns: WeakKeyDictionary[HubLog, asyncio.Lock] = WeakKeyDictionary()


async def care(house: House) -> None:
    """At each start: finish erasures. Every day: destroy old keys of backups, sweep orphans, drop views that nobody writes.

    What fails is logged and tried again after a minute; the hub goes on.
    """
    while True:
        try:
            await _daily(house)
        except Exception:
            log.exception("housekeeping failed, again in a minute")
            await asyncio.sleep(MINUTE)
        else:
            await asyncio.sleep(DAY)


async def _daily(house: House) -> None:
    for done in await resume(erasing_of(house)):
        log.info("an erasure was finished", extra={"position": done.position})
    await asyncio.to_thread(expire_backup_keys, house.settings.master_key_file, now().date())
    await sweep(sweeping_of(house))
    await house.runner.tidy()


def erasing_of(house: House) -> Erasing:
    """Everything an erasure touches in this house."""
    runner, master = house.runner, house.settings.master_key_file

    async def forget_letters(blobs: Collection[BlobId]) -> None:
        await runner.do(lambda cursor: parked.forget_letters(cursor, blobs))

    return Erasing(
        transactor=house.transactor,
        log=house.log,
        named=house.log.named,
        keys=house.keys,
        vault=house.vault,
        drafts=house.tables.drafts,
        reached=partial(runner.everywhere, patience=LONGEST),
        forget_letters=forget_letters,
        scrubs={
            "log": house.log.scrub,
            "keys": house.keys.scrub,
            "desk": house.tables.scrub,
            "views": runner.scrub,
        },
        erasures=ErasureList(list_beside(master)),
        house=_turn(house),
        clock=now,
    )


def sweeping_of(house: House) -> Sweeping:
    """Everything a sweep looks at in this house."""

    async def drafted() -> set[BlobId]:
        return {blob for draft in await house.tables.drafts.everyone() for blob in blobs_in(draft.body)}

    return Sweeping(
        log=house.log, vault=house.vault, keys=house.keys, drafted=drafted, house=_turn(house), clock=now
    )


def customer_named(id: object) -> CustomerId:
    """Raises LookupError, as for any other id that nobody has."""
    try:
        return CustomerId(UUID(str(id)))
    except ValueError:
        raise LookupError(
            f"There is no customer {id}: an id looks like 9bd407b1-4e84-4393-8a75-ee27f2628e2d."
        ) from None


async def erase_customer(house: House, params: Params) -> Mapping[str, Any]:
    """`customer`, `reason` (no personal data): the person behind this customer, linked streams included."""
    done = await erase(customer_named(params["customer"]), str(params["reason"]), OPERATOR, erasing_of(house))
    return {"streams": [str(one) for one in done.streams], "blobs": done.blobs, "position": done.position}


async def sweep_orphans(house: House, params: Params) -> Mapping[str, Any]:
    """What no fact names and is older than a day."""
    return asdict(await sweep(sweeping_of(house)))


async def back_up(house: House, params: Params) -> Mapping[str, Any]:
    """`folder` (absolute, new): a copy of everything, while serving. Raises `BackupProblem`."""
    if house.settings.database_url:
        raise BackupProblem(ELSEWHERE)
    return asdict(await backup(Path(params["folder"]), house.files, house.keys, _turn(house), now()))


async def rotate_keys(house: House, params: Params) -> Mapping[str, Any]:
    """Wrap every data key under a new master key."""
    master, said = house.settings.master_key_file, list[str]()
    async with _turn(house):
        count = await rotate(house.keys, master, tell=said.append)
    return {"keys": count, "master_key": str(master), "note": "".join(said)}


async def examine_record(house: House, params: Params) -> Mapping[str, Any]:
    """Positions, versions, events, keys and blobs; and where each projection stands."""
    files = house.files
    report = await examine(
        Patient(
            log=house.log,
            keys=house.keys,
            vault=house.vault,
            databases=tuple(path for path in (files.log, files.keys, files.desk) if path.exists()),
        )
    )
    head, lag = await house.log.head(), await house.runner.lag()
    return {
        **report,
        "projections": await projections_of(house, head, lag),
        "work_in_trouble": work_in_trouble(house),
    }


def work_in_trouble(house: House) -> list[dict[str, Any]]:
    """What fails in this process and is tried again: its name, the kind of the last fault, how often in a row."""
    troubles = house.turns.endurance.troubles.copy()
    return [{"name": name, **asdict(trouble)} for name, trouble in sorted(troubles.items())]


async def projections_of(house: House, head: int, lag: Lag) -> list[dict[str, Any]]:
    """How far each reaches, by how many facts and seconds it is behind, how many it could not take in, and when it was last seen at work."""
    beat = house.runner.beat
    return [
        {
            "name": one.name,
            "position": one.position,
            "lag": (behind := max(0, head - one.position)),
            "lag_seconds": lag.seconds if behind else 0.0,
            "parked": one.parked,
            "heartbeat": beat.isoformat() if beat else None,
        }
        for one in await house.ask(standings)
    ]


async def rebuild_views(house: House, params: Params) -> Mapping[str, Any]:
    """`names`: views, or "all"; built from the log alone while the old ones serve."""
    try:
        return asdict(await rebuilt(house.runner, pages(Boxes(house.keys)), *map(str, params["names"])))
    except (NoSuchView, AlreadyBuilding) as refused:
        raise LookupError(str(refused)) from refused


CARE: Final[Mapping[str, Verb]] = {
    "erase": erase_customer,
    "sweep": sweep_orphans,
    "backup": back_up,
    "rotate-keys": rotate_keys,
    "doctor": examine_record,
    "rebuild": rebuild_views,
}


def _turn(house: House) -> asyncio.Lock:
    """One at a time erases, sweeps, backs up or rotates."""
    return _turns.setdefault(house.log, asyncio.Lock())
