"""Reading the record: `amends event POSITION`, `amends history CUSTOMER`."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from hub.cli.asking import add_json, ask, settings_of


def register(commands: Any) -> None:
    event = commands.add_parser("event", help="one recorded fact, both parts readable")
    event.add_argument("position", type=int, metavar="POSITION", help="its number in the log, from 1")
    add_json(event)
    event.set_defaults(run=show_event)
    history = commands.add_parser(
        "history", help="everything on record about a person; the reading is recorded too"
    )
    history.add_argument("customer", metavar="CUSTOMER", help="the customer's id")
    history.add_argument(
        "--as-of", metavar="TIME|POSITION", default="", help="as it stood then (ISO time or position)"
    )
    add_json(history)
    history.set_defaults(run=show_history)


async def show_event(asked: Namespace) -> int:
    fact = await ask(settings_of(asked), "event", position=asked.position)
    print(json.dumps(fact, ensure_ascii=False, indent=None if asked.as_json else 2))
    return 0


async def show_history(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "history", customer=asked.customer, as_of=asked.as_of)
    if asked.as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    for line in told(answer):
        print(line)
    return 0


def told(answer: Mapping[str, Any]) -> Iterator[str]:
    """A history for people: what its state lacks, then fact by fact."""
    yield f"{answer['customer']} as of {answer['as_of']}: {len(answer['facts'])} facts"
    for one in answer["state"].get("not_taken_in", ()):
        yield f"{one['position']:>8}  {one['name']} could not be taken into the page {one['page']}: {one['why']}"
    for fact in answer["facts"]:
        actor = fact["actor"]
        yield f"{fact['position']:>8}  {fact['recorded_at']}  {fact['name']:<34} {actor['kind']}:{actor['id']}"
        for part in ("open", "sealed"):
            yield from _fields(part, fact[part])


def _fields(part: str, found: object) -> Iterator[str]:
    if isinstance(found, Mapping):
        for name, value in found.items():
            yield f"            {part:<7}{name}: {_short(value)}"
    elif found:
        yield f"            {part:<7}({found})"


def _short(value: object, most: int = 160) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 1]}…"
