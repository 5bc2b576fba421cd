"""Following one mailbox for ever: connect, catch up, wait for news; never past a letter that is not on record."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from channels.email.backoff import reconnect_after
from channels.email.cursor import (
    batches,
    chunks,
    is_rebound,
    new_uids,
    starting_point,
)
from channels.email.wire.client import Fetched, MailboxClient, MailboxRefused
from channels.email.wire.mailbox import Arrival, Ledger, MailboxNote, MailboxSettings, State
from channels.email.wire.protocol import ConnectionLost
from channels.email.wire.recording import Recording
from hub.domain.letters import Location

log = logging.getLogger(__name__)

CHUNK = 50
"""Letters per FETCH: a bigger answer makes aioimaplib slow and a lost line expensive."""
CHUNK_BYTES = 8 * 2**20


async def follow_mailbox(settings: MailboxSettings, ledger: Ledger, chance: Random | None = None) -> None:
    """Take in every letter of the folder, those there and those to come, until cancelled. Never ends by itself.

    Whatever goes wrong (network, server, store) is noted, and after a growing pause it starts again from the cursor.
    """
    follower = Follower(settings=settings, ledger=ledger)
    dice = chance or Random()
    while True:
        why = await _until_it_breaks(follower)
        follower.failures += 1
        follower.tell("retrying", why=why)
        await asyncio.sleep(reconnect_after(follower.failures, dice))


@dataclass(slots=True, kw_only=True)
class Follower:
    """What is known of the mailbox between two notes."""

    settings: MailboxSettings
    ledger: Ledger
    failures: int = 0
    behind: int = 0
    here: Location = field(default_factory=lambda: Location(account=""))
    last_contact: datetime | None = None
    last_letter: datetime | None = None

    def tell(self, state: State, **more: Any) -> None:
        note = MailboxNote(
            account=self.settings.account, folder=self.settings.folder, state=state, at=_now(), behind=self.behind,
            failures=self.failures, last_contact=self.last_contact, last_letter=self.last_letter,
            validity=self.here.validity, **more,
        )  # fmt: skip
        self.ledger.note(note)


async def _until_it_breaks(follower: Follower) -> str:
    """Follow on one connection; the sentence that says why it ended."""
    settings = follower.settings
    follower.tell("connecting")
    client = MailboxClient(settings.host, settings.port, settings.timeout, _secured(settings))
    try:
        await _follow(client, follower)
    except (ConnectionLost, MailboxRefused, OSError) as broken:
        return str(broken) or type(broken).__name__
    except Exception as failed:
        # The hub's own side (the store, the vault) failed: the letters stay where they are until it works again.
        log.exception("mailbox %s: a letter could not be recorded", settings.account)
        return f"a letter could not be recorded: {type(failed).__name__}"
    finally:
        await client.leave()
    return "ended"


async def _follow(client: MailboxClient, follower: Follower) -> None:
    settings = follower.settings
    await client.greet()
    await client.sign_in(settings.user, settings.password)
    validity = await client.open(settings.folder)
    cursor = await _first_cursor(follower, validity)
    pause = min(settings.poll_seconds, settings.idle_minutes * 60)
    while True:
        cursor = await _catch_up(client, follower, cursor)
        follower.failures = 0
        follower.tell("following")
        await client.rest(pause)


async def _first_cursor(follower: Follower, validity: int) -> Location:
    settings = follower.settings
    kept = await follower.ledger.load()
    follower.here = Location(account=settings.account, folder=settings.folder, validity=validity)
    if kept is not None and is_rebound(kept, follower.here):
        follower.tell("rebound", old_validity=kept.validity)
    return starting_point(kept, follower.here)


async def _catch_up(client: MailboxClient, follower: Follower, cursor: Location) -> Location:
    """Put every letter above the cursor on record; the cursor after that."""
    uids = new_uids(await client.uids_above(cursor.uid), cursor.uid)
    follower.last_contact = _now()
    follower.behind = len(uids)
    for chunk in chunks(uids, CHUNK):
        follower.tell("receiving")
        cursor = await _record_chunk(client, follower, cursor, chunk)
    return cursor


async def _record_chunk(
    client: MailboxClient, follower: Follower, cursor: Location, chunk: Sequence[int]
) -> Location:
    sizes = await client.sizes(chunk)
    for batch in batches(chunk, sizes, CHUNK_BYTES):
        letters = await client.letters(batch)
        follower.last_contact = _now()
        for uid in batch:
            if uid not in letters:
                letters |= await _look_again(client, follower, uid)
        cursor = await _record(follower, cursor, batch, letters)
        if follower.settings.mark_seen:
            with suppress(MailboxRefused):
                await client.mark_seen(batch)
    return cursor


async def _look_again(client: MailboxClient, follower: Follower, uid: int) -> dict[int, Fetched]:
    """A letter the server named but did not give: asked for once more by itself, then noted as gone."""
    letters = await client.letters((uid,))
    if uid not in letters:
        follower.tell("vanished", uid=uid)
    return letters


async def _record(
    follower: Follower, cursor: Location, batch: Sequence[int], letters: dict[int, Fetched]
) -> Location:
    """The cursor once every letter of the batch is on record."""

    async def take(arrival: Arrival) -> None:
        await follower.ledger.take(arrival)
        follower.last_letter = _now()
        follower.behind = max(0, follower.behind - 1)

    recording = Recording(
        cursor=cursor, take=take, settle=follower.ledger.settle, window=follower.settings.window
    )
    arrivals = [_arrival(cursor, letters[uid]) for uid in batch if uid in letters]
    return await recording.run(batch, arrivals)


def _arrival(folder: Location, letter: Fetched) -> Arrival:
    return Arrival(
        location=replace(folder, uid=letter.uid), raw=letter.body or b"", received_at=letter.received_at
    )


def _secured(settings: MailboxSettings) -> ssl.SSLContext | None:
    return (settings.context or ssl.create_default_context()) if settings.tls else None


def _now() -> datetime:
    return datetime.now(UTC)
