"""A command that needs the house: asked of the running hub, or of a house opened for it where none runs."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from infra import control
from infra.settings import Settings, load_settings, password_of
from infra.settings.passwords import PasswordProblem

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
    """`await ask(verb, params)`, whoever answers. What was recorded is in the views when the block ends."""
    running = await control.call(settings.data, "status")
    if not isinstance(running, control.NotRunning):
        yield lambda verb, params: _of_running(settings, verb, params)
        return
    from hub.assembly.house import open_house
    from hub.assembly.verbs import handlers

    async with open_house(settings, tell=note, reading=reading) as house:
        verbs = handlers(house)
        yield lambda verb, params: verbs[verb](params)
        await house.runner.reached(await house.log.head(), patience=3600)


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
