"""The hub at work: one TaskGroup over the followers of the mailboxes, the policies, the postman, the timers and the pages."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from channels.email.backoff import next_try
from channels.email.wire import SmtpLine, follow_mailbox
from hub.app.delivery import Postman
from hub.app.ports import Sender
from hub.assembly.bot import policies_of, reactions
from hub.assembly.house import House, now
from hub.assembly.mailboxes import Health, MailboxLedger, imap_settings, smtp_settings
from hub.assembly.post import Composer, MailSender
from hub.assembly.timing import timers
from hub.assembly.verbs import handlers
from hub.assembly.web import application
from hub.domain.ids import AccountId
from infra import control
from projections.outbox_view import OutboxView


async def serve(house: House, *, ready: Callable[[str], object] = print) -> None:
    """Work until SIGINT or SIGTERM; then let what is under way end. `ready` is told the desk's address."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    socket = control.serve(house.settings.data, handlers(house))
    async with socket, at_work(house), pages(house, application(house)):
        ready(house.settings.address)
        await stop.wait()


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[Health]:
    """Everything but the pages."""
    health = Health()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(work) for work in (*_followers(house, health), *_thinkers(house), _post(house))
        ]
        try:
            yield health
        finally:
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def pages(house: House, app: ASGIApp) -> AsyncIterator[None]:
    """Serve the desk and the forms while the block runs."""
    listen = house.settings.listen
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(), name="pages")
    try:
        await server.up(task)
        yield
    finally:
        server.should_exit = True
        await task


class Server(uvicorn.Server):
    """uvicorn inside our own loop: signals are the hub's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def up(self, task: asyncio.Task[None]) -> None:
        """Return once it listens; raises what kept it from that."""
        while not self.started:
            if task.done():
                await task
                raise OSError(
                    "The desk's address can't be listened on. Set `listen` (AMENDS_LISTEN) to a free one."
                )
            await asyncio.sleep(0.01)


def _followers(house: House, health: Health) -> Iterator[Coroutine[Any, Any, None]]:
    for mailbox in house.settings.mailboxes:
        settings, inbox = imap_settings(mailbox), house.inbox(mailbox.name)
        if settings and inbox:
            ledger = MailboxLedger(house=house, inbox=inbox, folder=settings.folder, health=health)
            yield follow_mailbox(settings, ledger.ports)


def _thinkers(house: House) -> Iterator[Coroutine[Any, Any, None]]:
    working = reactions(house)
    for policy in policies_of(house.settings):
        yield working.run(policy)
    yield timers(house).run()


def _post(house: House) -> Coroutine[Any, Any, None]:
    return postman(house).run()


def postman(house: House) -> Postman:
    """Delivery over the outbox view, one line per mailbox."""
    composer = Composer(vault=house.vault, readers=house.readers, inboxes=house.inboxes)
    outbox = OutboxView(runner=house.runner, readers=house.views, clock=now, compose=composer)
    return Postman(
        outbox=outbox,
        transactor=house.transactor,
        secrets=house.walk.secrets,
        senders=senders(house),
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
