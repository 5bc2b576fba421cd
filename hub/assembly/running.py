"""`amends serve` and `amends work`: the hub at work with its owner's socket, with or without its pages, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from hub.assembly.house import House
from hub.assembly.verbs import handlers
from hub.assembly.web import application
from hub.assembly.working import at_work
from infra import control


async def serve(house: House, *, ready: Callable[[str], object] = print) -> None:
    """Work until SIGINT or SIGTERM; then let what is under way end. `ready` is told the desk's address."""
    stop = _told_to_stop()
    socket = control.serve(house.settings.data, handlers(house))
    async with socket, at_work(house), pages(house, application(house)):
        ready(house.settings.address)
        await stop.wait()


async def work(house: House, roles: Collection[str], *, ready: Callable[[str], object] = print) -> None:
    """The same without pages, for some roles (keys of `ROLES`). `ready` is told which."""
    stop = _told_to_stop()
    async with control.serve(house.settings.data, handlers(house)), at_work(house, roles):
        ready(", ".join(roles))
        await stop.wait()


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


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
