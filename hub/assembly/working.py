"""The hub at work without its pages: one TaskGroup over the followers of the mailboxes, the policies, the timers and the postman."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from channels.email.backoff import next_try
from channels.email.wire import SmtpLine, follow_mailbox
from hub.app.delivery import Postman
from hub.app.ports import Sender
from hub.assembly.bot import policies_of, reactions
from hub.assembly.caring import care
from hub.assembly.house import House, now
from hub.assembly.mailboxes import MailboxLedger, imap_settings, smtp_settings
from hub.assembly.post import Composer, MailSender
from hub.assembly.timing import timers
from hub.domain.ids import AccountId
from projections.outbox_view import OutboxView


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """Everything but the pages."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(work)
            for work in (*_followers(house), *_thinkers(house), *_post(house), care(house))
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def _followers(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    for mailbox in house.settings.mailboxes:
        settings, inbox = imap_settings(mailbox), house.inbox(mailbox.name)
        if settings and inbox:
            ledger = MailboxLedger(house=house, inbox=inbox, folder=settings.folder)
            yield follow_mailbox(settings, ledger.ports)


def _thinkers(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    working = reactions(house)
    for policy in policies_of(house.settings):
        yield working.run(policy)
    yield timers(house).run()


def _post(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    """One postman for each inbox that can send, so that a server that stands still holds only its own letters.

    One more tells the letters of inboxes that are no longer connected that they can't leave.
    """
    lines = senders(house)
    for account in lines:
        yield postman(house, lines, only=account).run()
    yield postman(house, lines, but=frozenset(lines)).run()


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
