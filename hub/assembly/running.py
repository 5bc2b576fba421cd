"""`amends serve`: the hub at work with its pages and its owner's socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
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
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    socket = control.serve(house.settings.data, handlers(house))
    async with socket, at_work(house), pages(house, application(house)):
        ready(house.settings.address)
        await stop.wait()


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
