"""Clearing away blobs that no fact names: what a crash between vault and log left behind (record rule 2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from hub.app.ports import Clock, Recorded
from hub.domain.ids import BlobId
from hub.domain.vocabulary import Opaque
from infra.doctor import KeyStates, has_lost_its_key
from infra.references import blobs_of
from infra.vault import INCOMING, FolderVault

AGE: Final = timedelta(hours=24)
PAGE: Final = 1000

log = logging.getLogger(__name__)


class ReadableLog(Protocol):
    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    """`drafted`: blobs that unsent drafts name. `house`: held by whoever erases, sweeps or backs up."""

    log: ReadableLog
    vault: FolderVault
    keys: KeyStates
    drafted: Callable[[], Awaitable[set[BlobId]]]
    house: asyncio.Lock
    clock: Clock
    age: timedelta = AGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """`why_not`: set when nothing was touched, because the log could not be read in full."""

    blobs: int = 0
    unfinished: int = 0
    why_not: str = ""


async def sweep(sweeping: Sweeping) -> Swept:
    """Destroy old blobs that neither the log nor a draft names, and files that were never finished.

    Keys of streams are left alone: without a stream they are a few bytes, and a stream may still come.
    """
    async with sweeping.house:
        before = (sweeping.clock() - sweeping.age).timestamp()
        orphans = await asyncio.to_thread(_older, sweeping.vault, before)
        orphans -= await sweeping.drafted()  # before the log: a draft that is sent meanwhile is seen there
        why_not = await _spare_the_named(orphans, sweeping) if orphans else ""
        if why_not:
            log.warning("nothing was swept: %s", why_not)
            return Swept(why_not=why_not)
        await sweeping.vault.destroy(orphans)
        return Swept(
            blobs=len(orphans), unfinished=await asyncio.to_thread(_unfinished, sweeping.vault, before)
        )


async def _spare_the_named(orphans: set[BlobId], sweeping: Sweeping) -> str:
    """Take out of `orphans` what the log names; says why not when some fact may name more than can be read."""
    position = 0
    while page := await sweeping.log.read_all(after=position, limit=PAGE):
        for fact in page:
            if isinstance(fact.event, Opaque):
                return f"the event at position {fact.position} can't be read by this version"
            if has_lost_its_key(fact, sweeping.keys):
                return f"the key of the event at position {fact.position} is lost"
            orphans -= blobs_of(fact.event)
        position = page[-1].position
    return ""


def _older(vault: FolderVault, before: float) -> set[BlobId]:
    return {blob for blob, path in vault.blobs() if path.stat().st_mtime < before}


def _unfinished(vault: FolderVault, before: float) -> int:
    old = [path for path in (vault.folder / INCOMING).iterdir() if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
