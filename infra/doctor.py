"""Is the record whole? Gapless positions and versions, every event decodable, every blob there with its hash."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from hub.app.ports import Recorded
from hub.domain.ids import BlobId
from hub.domain.vocabulary import ERASED, NAMES, Opaque
from infra.codec.plans import plan
from infra.db import open_reader
from infra.eventlog.order import Order
from infra.keys.keyfile import KeyState
from infra.references import blobs_of

PAGE: Final = 1000
SHOWN: Final = 100
"""Problems listed; all are counted."""


class KeyStates(Protocol):
    """What has to be known of keys."""

    def state(self, key_id: str) -> KeyState: ...


class SoundVault(Protocol):
    """What has to be known of blobs."""

    def sound(self, blob: BlobId) -> bool: ...


class ReadableLog(Protocol):
    async def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[Recorded]: ...

    async def order(self) -> Order: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined. `databases`: SQLite files whose pages are checked."""

    log: ReadableLog
    keys: KeyStates
    vault: SoundVault
    databases: tuple[Path, ...] = ()


@dataclass(slots=True)
class Findings:
    """What was counted and what is wrong."""

    events: int = 0
    erased: int = 0
    blobs: int = 0
    wrong: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    def note(self, check: str, says: str, **where: Any) -> None:
        self.wrong += 1
        if len(self.problems) < SHOWN:
            self.problems.append({"check": check, "says": says, **where})


async def examine(patient: Patient) -> dict[str, Any]:
    """A report for `amends doctor --json`: `ok`, counts, and up to 100 problems, each with a sentence. Changes nothing."""
    findings = Findings()
    for path in patient.databases:
        await asyncio.to_thread(_examine_pages, path, findings)
    try:
        _examine_order(await patient.log.order(), findings)
        await _examine_all(patient, findings)
    except sqlite3.Error as unreadable:
        says = f"The log can't be read to its end ({type(unreadable).__name__}). Restore it from a backup."
        findings.note("readable", says)
    return {
        "ok": not findings.wrong,
        "events": findings.events,
        "erased_events": findings.erased,
        "blobs": findings.blobs,
        "wrong": findings.wrong,
        "problems": findings.problems,
    }


async def _examine_all(patient: Patient, findings: Findings) -> None:
    position = 0
    while page := await patient.log.read_all(after=position, limit=PAGE):
        await asyncio.to_thread(_examine_facts, page, patient, findings)
        position = page[-1].position


def has_lost_its_key(fact: Recorded, keys: KeyStates) -> bool:
    """It reads as erased, yet its key was never destroyed: the keys file is older than the log, or damaged."""
    if isinstance(fact.event, Opaque) or not _is_erased(fact.event):
        return False
    how = plan(type(fact.event))
    return (
        keys.state(getattr(fact.event, how.key_field) if how.key_field else str(fact.stream)) != "destroyed"
    )


def _examine_pages(path: Path, findings: Findings) -> None:
    with closing(open_reader(path)) as reader:
        for (says,) in reader.execute("PRAGMA quick_check(10)"):
            if says != "ok":
                findings.note("pages", f"{path.name} is damaged ({says}). Restore it from a backup.")


def _examine_order(order: Order, findings: Findings) -> None:
    if not order.is_gapless:
        says = f"{order.events} events stand between positions {order.first} and {order.last}, the head says {order.head}."
        findings.note("positions", says + " Somebody changed the log from outside; restore it from a backup.")
    for one in order.broken:
        says = f"The stream has {one.events} events with versions {one.low} to {one.high}. Restore the log from a backup."
        findings.note("versions", says, stream=one.stream)


def _examine_facts(page: Sequence[Recorded], patient: Patient, findings: Findings) -> None:
    for fact in page:
        findings.events += 1
        if isinstance(fact.event, Opaque):
            says = f"{fact.name} can't be read: {fact.event.why}. Update Amends, or restore the log from a backup."
            findings.note("decodable", says, position=fact.position)
        elif has_lost_its_key(fact, patient.keys):
            says = f"The key of {fact.name} is lost. Put a newer backup of the keys back."
            findings.note("keys", says, position=fact.position)
        findings.erased += _is_erased(fact.event)
        for blob in _wanted(fact, patient.keys):
            findings.blobs += 1
            if not patient.vault.sound(blob):
                says = "The blob is missing or does not match its hash. Put it back from a backup."
                findings.note("blobs", says, blob=blob, position=fact.position)


def _is_erased(event: object) -> bool:
    return type(event) in NAMES and any(
        getattr(event, name) is ERASED for name in plan(type(event)).sealed_fields
    )


def _wanted(fact: Recorded, keys: KeyStates) -> Iterator[BlobId]:
    """Blobs that have to be there: those of erased people are rightly gone."""
    if not isinstance(fact.event, Opaque):
        yield from (blob for blob in blobs_of(fact.event) if keys.state(blob) != "destroyed")
