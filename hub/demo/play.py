"""The demo: the hub, a real mail server, a shop's page and customers who write, until Ctrl+C."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from hub.assembly.house import open_house
from hub.assembly.running import Server, serve
from hub.demo.customers import live
from hub.demo.mailserver import MailServer
from hub.demo.office import Office
from hub.demo.people import DOMAIN, EVERYONE, PASSWORD
from hub.demo.shop import shop_app
from hub.demo.stage import SIGN_IN, STAFF, Stage, free_port, hire
from infra.settings import Settings

log = logging.getLogger("amends.demo")


async def play(folder: Path, *, seconds: float, quiet: bool, tell: Callable[[str], None]) -> None:
    """Run it. `seconds`: over how long the customers' first letters come; `quiet`: nobody writes by themselves."""
    stage = Stage(folder)
    server = MailServer(users=EVERYONE, folder=stage.mail, domain=DOMAIN, newcomers=PASSWORD)
    async with server:
        office, shop = Office.of(server), free_port(8026)
        settings = stage.set_up(office, free_port(8025), shop)
        async with open_house(settings, tell=lambda _: None) as house:
            await hire(house)
            async with shop_open(settings, shop), customers(stage, office, seconds, quiet, tell):
                await serve(house, ready=lambda address: tell(welcome(stage, address, shop)))


@asynccontextmanager
async def shop_open(settings: Settings, port: int) -> AsyncIterator[None]:
    """The shop's own site, on another origin than the hub."""
    config = uvicorn.Config(
        shop_app(settings.address), host="127.0.0.1", port=port, log_config=None, lifespan="off"
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(), name="shop")
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def customers(
    stage: Stage, office: Office, seconds: float, quiet: bool, tell: Callable[[str], None]
) -> AsyncIterator[None]:
    """The customers at their desks, while the block runs."""
    if quiet:
        yield
        return
    task = asyncio.create_task(
        live(office, seconds=seconds, progress=stage.progress, tell=tell), name="customers"
    )
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def welcome(stage: Stage, address: str, shop: int) -> str:
    """What to try, in a few lines."""
    names = "\n".join(f"    {person['email']:<24} {person['role']}" for person in STAFF)
    config = f"--config {stage.settings_file}"
    return f"""
  The desk is at  {address}
  A shop's page with the form:  http://127.0.0.1:{shop}

  Sign in (password: {SIGN_IN})
{names}

  Customers write over the next minutes. Meanwhile, in another terminal:
    amends demo write --from alice@home.example --subject "Where is my lamp?" --text "It never came. I am very disappointed."
    amends demo mailbox alice@home.example
    amends {config} export messages --jsonl
  (`python3 dev.py exec amends …` where `amends` is not on your path)

  Ctrl+C stops everything; a second start goes on where it was. Everything is in {stage.folder}
"""
