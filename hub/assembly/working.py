"""The hub at work without its pages: one TaskGroup over the followers of the mailboxes, the policies, the timers and the postman."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, NamedTuple

from channels.email.backoff import next_try
from channels.email.wire import SmtpLine, follow_mailbox
from hub.app.delivery import Postman
from hub.app.leasing import Fence, Work
from hub.app.ports import Sender
from hub.assembly.bot import policies_of, reactions
from hub.assembly.bus import relaying
from hub.assembly.caring import care
from hub.assembly.hearing import hearing
from hub.assembly.house import House, now
from hub.assembly.mailboxes import MailboxLedger, imap_settings, smtp_settings
from hub.assembly.post import Composer, MailSender
from hub.assembly.timing import timers
from hub.domain.ids import AccountId
from projections.outbox_view import OutboxView

LONGEST: Final = 3600.0
"""Seconds that work waits for the views of this process to catch up."""


class Piece(NamedTuple):
    """What one process at a time does. Its name is that of its lease, the same in every process."""

    name: str
    work: Work


@asynccontextmanager
async def at_work(house: House, roles: Collection[str] | None = None) -> AsyncIterator[None]:
    """Everything but the pages; of `roles` alone where they are given (keys of `ROLES`)."""
    chosen = [ROLES[role] for role in (ROLES if roles is None else roles)]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(house.turns.run(piece.name, piece.work), name=piece.name)
            for pieces in chosen
            for piece in pieces(house)
        ]
        tasks += [group.create_task(listening) for listening in hearing(house)]
        try:
            yield
        finally:
            for task in tasks:
                if not task.cancelling():  # a second cancellation would break off what has to come to its end
                    task.cancel()


def _followers(house: House) -> Iterator[Piece]:
    for mailbox in house.settings.mailboxes:
        settings, inbox = imap_settings(mailbox), house.inbox(mailbox.name)
        if settings and inbox:
            ledger = MailboxLedger(house=house, inbox=inbox, folder=settings.folder)
            yield Piece(f"ingest:{mailbox.name}", _freely(follow_mailbox, settings, ledger.ports))


def _thinkers(house: House) -> Iterator[Piece]:
    working = reactions(house)
    for policy in policies_of(house.settings):
        yield Piece(f"react:{policy.name}", _freely(working.run, policy))


def _clocks(house: House) -> Iterator[Piece]:
    yield Piece("timers", _freely(timers(house).run))
    yield Piece("care", _freely(care, house))


def _post(house: House) -> Iterator[Piece]:
    """One postman for each inbox that can send, so that a server that stands still holds only its own letters.

    One more tells the letters of inboxes that are no longer connected that they can't leave.
    """
    lines = senders(house)
    for account in lines:
        yield Piece(f"deliver:{account}", _posting(house, lines, only=account))
    yield Piece("deliver:others", _posting(house, lines, but=frozenset(lines)))


def _views(house: House) -> Iterator[Piece]:
    """Views are written from the moment the house is opened. One process brings the facts to the bus."""
    if house.settings.nats_url:
        yield Piece("relay", _freely(relaying, house.settings, house.log))


ROLES: Final[Mapping[str, Callable[[House], Iterator[Piece]]]] = {
    "ingest": _followers,
    "react": _thinkers,
    "deliver": _post,
    "project": _views,
    "timers": _clocks,
}
"""What a process may be there for."""


def _freely(work: Callable[..., Awaitable[None]], *given: object) -> Work:
    """Work whose every step is single by the record itself: once-keys, marks, decisions that find it done."""

    async def unfenced(_: Fence) -> None:
        await work(*given)

    return unfenced


def _posting(
    house: House,
    lines: Mapping[AccountId, Sender],
    *,
    only: AccountId | None = None,
    but: frozenset[AccountId] = frozenset(),
) -> Work:
    """Letters are not single on the wire: behind the fence stands all that an earlier turn began, and the views show it."""

    ready = postman(house, lines, only=only, but=but)

    async def fenced(fence: Fence) -> None:
        await house.runner.reached(await house.log.head(), patience=LONGEST)
        await replace(ready, fence=fence).run()

    return fenced


def postman(
    house: House,
    lines: Mapping[AccountId, Sender],
    *,
    only: AccountId | None = None,
    but: frozenset[AccountId] = frozenset(),
) -> Postman:
    """Delivery of the letters of `only` one inbox, or of all `but` some."""
    composer = Composer(vault=house.vault, readers=house.readers, inboxes=house.inboxes)
    outbox = OutboxView(
        runner=house.runner, readers=house.views, clock=now, compose=composer, only=only, but=but
    )
    return Postman(
        outbox=outbox,
        complaints=house.walk.complaints,
        transactor=house.transactor,
        secrets=house.walk.secrets,
        senders=lines,
        next_try=next_try,
        clock=now,
        paused=house.paused,
    )


def senders(house: House) -> dict[AccountId, Sender]:
    """Who sends for which inbox; an inbox without SMTP has nobody."""
    found: dict[AccountId, Sender] = {}
    for mailbox in house.settings.mailboxes:
        settings, inbox = smtp_settings(mailbox), house.inbox(mailbox.name)
        if settings and inbox:
            found[AccountId(inbox.account)] = MailSender(SmtpLine(settings))
    return found
