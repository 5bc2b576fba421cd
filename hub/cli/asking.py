"""A command that needs the house: asked of the running hub, or of a house opened for it where none runs."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from infra import control
from infra.lock import HubRunning
from infra.settings import Settings, load_settings, password_of
from infra.settings.passwords import PasswordProblem

if TYPE_CHECKING:
    from hub.assembly.house import House

STARTING_S: Final = 20
"""How long a hub that holds its folder may take until it listens."""

Asked = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


def settings_of(asked: Namespace) -> Settings:
    """The settings; their passwords are struck out of every log line from now on. Raises `ConfigurationError`."""
    settings = load_settings(asked.config)
    for mailbox in settings.mailboxes:
        with suppress(PasswordProblem):
            asked.blotter.learn(password_of(mailbox))
    return settings


@asynccontextmanager
async def hub(settings: Settings, *, reading: int = 1) -> AsyncIterator[Asked]:
    """`await ask(verb, params)`, whoever answers. What was recorded is in the views when the block ends.

    Raises `HubRunning` when another process holds the folder for longer than a hub takes to start.
    """
    async with AsyncExitStack() as stack:
        house = await _running_or_own(settings, stack, reading)
        if house is None:
            yield lambda verb, params: _of_running(settings, verb, params)
            return
        from hub.assembly.verbs import handlers

        verbs = handlers(house)
        yield lambda verb, params: verbs[verb](params)
        await house.runner.reached(await house.log.head(), patience=3600)


async def _running_or_own(settings: Settings, stack: AsyncExitStack, reading: int) -> House | None:
    """None when a hub runs and listens; a hub that is starting or stopping is waited for."""
    for _ in range(STARTING_S * 4):
        if not isinstance(await control.call(settings.data, "status"), control.NotRunning):
            return None
        from hub.assembly.house import open_house

        with suppress(HubRunning):
            return await stack.enter_async_context(
                open_house(settings, tell=note, reading=reading, warm=False)
            )
        await asyncio.sleep(0.25)
    raise HubRunning(settings.data, "")


async def ask(settings: Settings, verb: str, **params: Any) -> Mapping[str, Any]:
    """One verb."""
    async with hub(settings) as answer:
        return await answer(verb, params)


async def _of_running(settings: Settings, verb: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    found = await control.call(settings.data, verb, params)
    if isinstance(found, control.NotRunning):
        raise control.ControlRefused("The hub stopped meanwhile. Try again.")
    return found


def note(text: str) -> None:
    """For people, beside the answer."""
    print(text, file=sys.stderr)


def show(answer: Mapping[str, Any], *, as_json: bool, line: str) -> int:
    """The answer as JSON, or as one line."""
    print(json.dumps(answer, ensure_ascii=False) if as_json else line)
    return 0


def add_json(command: Any) -> None:
    command.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")
