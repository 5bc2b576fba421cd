"""Erasing a person: list, record, destroy keys, wait for every view, scrub (record rules 19 to 22); resumed after a crash."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

from hub.app.erasure import Moved, erased_by, person, record_erasure, standing
from hub.app.ports import Clock, Envelope, Recorded, Release
from hub.app.transact import OutOfDate, Transactor
from hub.domain.account.events import LetterEchoed, LetterParked
from hub.domain.conversation.events import ReplyWritten
from hub.domain.customer.commands import EraseCustomer
from hub.domain.customer.events import IdentityClaimed, IdentityVerified
from hub.domain.errors import NoSuchCustomer
from hub.domain.ids import BlobId, CommandId, CustomerId, Position, StreamId
from hub.domain.vocabulary import NAMES, Actor, opened
from infra.erasures import Doomed, ErasureList
from infra.references import blobs_of

PAGE: Final = 500
OF_ACCOUNTS: Final = frozenset(NAMES[kind] for kind in (LetterParked, LetterEchoed))

log = logging.getLogger(__name__)


class ErasableLog(Protocol):
    """What erasing reads."""

    async def read_stream(
        self, stream: StreamId, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Recorded]: ...

    async def claims_of(self, stream: StreamId) -> Sequence[bytes]: ...


class ErasableKeys(Protocol):
    async def destroy(self, key_ids: Iterable[str]) -> None: ...


class ErasableVault(Protocol):
    async def destroy(self, blobs: Iterable[BlobId]) -> None: ...


class ErasableDrafts(Protocol):
    async def forget(self, customer: CustomerId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Everything an erasure touches.

    `named`: facts of the whole log by their names. `reached`: returns once every projection, rebuild candidates
    included, is past a position. `forget_letters`: views blank what they show of parked letters. `scrubs`: by file, what leaves no deleted byte in it. `house`: held by whoever
    erases, sweeps or backs up.
    """

    transactor: Transactor
    log: ErasableLog
    named: Callable[[Collection[str]], Awaitable[Sequence[Recorded]]]
    keys: ErasableKeys
    vault: ErasableVault
    drafts: ErasableDrafts
    reached: Callable[[Position], Awaitable[None]]
    forget_letters: Callable[[Collection[BlobId]], Awaitable[None]]
    scrubs: Mapping[str, Callable[[], Awaitable[None]]]
    erasures: ErasureList
    house: asyncio.Lock
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done."""

    streams: tuple[StreamId, ...]
    blobs: int
    position: Position


async def erase(customer: CustomerId, reason: str, by: Actor, erasing: Erasing) -> Erased:
    """Erase the person behind `customer`, all linked streams included; `reason` holds no personal data. Raises `NoSuchCustomer`.

    After a failure on the way the erasure is on the list, and `resume` finishes it.
    """
    async with erasing.house:
        streams = await person(erasing.transactor, customer)
        if not await standing(erasing.transactor, streams):
            raise NoSuchCustomer
        blobs = await _blobs_of_person(streams, erasing)
        doomed = await asyncio.to_thread(
            lambda: erasing.erasures.add(streams, blobs, at=erasing.clock(), by=by, reason=reason)
        )
        return await _carry_out(doomed, erasing)


async def resume(erasing: Erasing) -> list[Erased]:
    """Finish what a crash or a restore left on the list; called at start-up, once the views are followed."""
    async with erasing.house:
        return [
            await _carry_out(doomed, erasing) for doomed in await asyncio.to_thread(erasing.erasures.pending)
        ]


async def _carry_out(doomed: Doomed, erasing: Erasing) -> Erased:
    doomed, position = await _recorded(doomed, erasing)
    await erasing.keys.destroy([str(stream) for stream in doomed.streams])
    await erasing.vault.destroy(doomed.blobs)
    await erasing.reached(position)
    await erasing.forget_letters(doomed.blobs)
    for stream in doomed.streams:
        await erasing.drafts.forget(CustomerId(stream))
    for scrub in erasing.scrubs.values():
        await scrub()
    await asyncio.to_thread(erasing.erasures.done, doomed)
    log.info("erased", extra={"position": position, "count": len(doomed.blobs)})
    return Erased(streams=doomed.streams, blobs=len(doomed.blobs), position=position)


async def _recorded(doomed: Doomed, erasing: Erasing) -> tuple[Doomed, Position]:
    """On record, with everything that arrived until then on the list; streams that the log never had are passed by."""
    command, envelope = EraseCustomer(reason=doomed.reason), _envelope(doomed.by)
    while True:
        states = await standing(
            erasing.transactor, doomed.streams
        )  # before looking: what comes after is noticed
        before, doomed = doomed, await _complete(doomed, erasing)
        if before.streams != doomed.streams:
            continue
        if not states:
            positions = [await erased_by(erasing.transactor, stream, envelope) for stream in doomed.streams]
            return doomed, max(positions)
        claims = [
            Release(key=key, stream=stream)
            for stream in doomed.streams
            for key in await erasing.log.claims_of(stream)
        ]
        try:
            return doomed, await record_erasure(
                erasing.transactor, command, states, claims, envelope, erasing.clock
            )
        except (Moved, OutOfDate):
            continue


async def _complete(doomed: Doomed, erasing: Erasing) -> Doomed:
    """The list as it has to be now: more may have been linked or have arrived since it was written."""
    linked = [
        stream for first in doomed.streams for stream in await person(erasing.transactor, CustomerId(first))
    ]
    streams = tuple(dict.fromkeys([*doomed.streams, *linked]))
    blobs = await _blobs_of_person(streams, erasing)
    return await asyncio.to_thread(erasing.erasures.extend, doomed, streams, blobs)


async def _blobs_of_person(streams: Sequence[StreamId], erasing: Erasing) -> set[BlobId]:
    """Blobs named in the person's streams, and letters from or to the person that stand in the accounts' streams."""
    blobs, addresses, letters = set[BlobId](), set[str](), set[str]()
    for stream in streams:
        async for fact in _facts(stream, erasing.log):
            blobs |= blobs_of(fact.event)
            addresses |= _addresses(fact.event)
            letters |= _letters(fact.event)
    others = await erasing.named(OF_ACCOUNTS)
    return blobs | {blob for fact in others for blob in _theirs(fact.event, addresses, letters)}


def _addresses(event: object) -> set[str]:
    if not isinstance(event, IdentityClaimed | IdentityVerified):
        return set()
    return {opened(event.address, "").casefold()} - {""}


def _letters(event: object) -> set[str]:
    return {opened(event.message_ref, "")} - {""} if isinstance(event, ReplyWritten) else set()


def _theirs(event: object, addresses: Collection[str], letters: Collection[str]) -> set[BlobId]:
    """The blob of a letter that stands in an account's stream, when it is from, to or about this person."""
    if isinstance(event, LetterEchoed):
        return {event.raw} if opened(event.message_ref, "") in letters else set()
    if isinstance(event, LetterParked):
        said = opened(event.excerpt, "").casefold()
        return {event.raw} if any(address in said for address in addresses) else set()
    return set()


async def _facts(stream: StreamId, log: ErasableLog) -> AsyncIterator[Recorded]:
    version = 0
    while page := await log.read_stream(stream, after=version, limit=PAGE):
        for fact in page:
            yield fact
        version = page[-1].version


def _envelope(by: Actor) -> Envelope:
    return Envelope(actor=by, command=CommandId(uuid4()))
