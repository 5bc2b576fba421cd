"""Writes the reference pages that are made from the code:  python docs/generate.py  (a test fails while one is out of date)."""

from __future__ import annotations

import importlib
import inspect
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Final, Literal, get_args, get_origin

import hub.domain.events  # noqa: F401 - fills the registry
from channels.webform.words import ERRORS
from hub.cli.parser import parser
from hub.domain.errors import Refusal
from hub.domain.vocabulary import KEY_FIELD, NAMES, REGISTRY
from hub.web.words import REFUSALS_IN_CHINESE, SENTENCES
from infra.settings import settings_reference

HERE: Final = Path(__file__).resolve().parent
MADE: Final = "(This page is made from the code: `python docs/generate.py`.)\n"

ROOMS: Final[Mapping[str, str]] = {
    "hub.domain.customer.events": "Customers",
    "hub.domain.conversation.events": "Conversations and messages",
    "hub.domain.conversation.label_events": "Labels of conversations",
    "hub.domain.conversation.delivery_events": "Letters on their way",
    "hub.domain.complaint.events": "Complaints",
    "hub.domain.account.events": "Accounts",
    "hub.domain.staff.events": "Staff and what they set",
    "hub.domain.reaction.events": "Reactions of policies",
}
"""Titles of the modules where events are declared, in the order they are told of; others come after them."""


def events_reference() -> str:
    """Every fact that can be recorded: its name on disk, what it says, its fields and which of them are personal."""
    head = f"""# Events

Every fact that Amends records. The name is what stands on disk; it never changes. **Open** fields are stored as readable
JSON and stay after an erasure; **personal** fields are sealed under the customer's key, and read as erased once that
key is destroyed. Position, stream, version, actor, cause and recording time stand in the envelope of each event
([the record](../record.md), rule 4). See any event with `amends event POSITION`.
{MADE}"""
    return head + "".join(map(_room, _modules())) + _words()


def undocumented_events() -> list[str]:
    """Names of events whose class says nothing about itself."""
    return [name for name, cls in REGISTRY.items() if not _says(cls)]


def _modules() -> list[str]:
    there = {cls.__module__ for cls in REGISTRY.values()}
    return [*(module for module in ROOMS if module in there), *sorted(there - set(ROOMS))]


def _room(module: str) -> str:
    here = [one for one in vars(importlib.import_module(module)).values() if one in REGISTRY.values()]
    found = [(NAMES[cls], cls) for cls in here if cls.__module__ == module]
    title = ROOMS.get(module) or module.split(".")[-2].capitalize()
    return f"\n## {title}\n" + "".join(_event(name, cls) for name, cls in found)


def _event(name: str, cls: type) -> str:
    sealed_by = KEY_FIELD.get(cls, "")
    note = (
        f"\nIts personal fields are sealed under the key of the blob in `{sealed_by}`.\n" if sealed_by else ""
    )
    rows = [_field(field) for field in fields(cls)]
    return f"\n### {name}\n\n{_says(cls)}\n{note}\n{_table(('Field', 'Type', 'Part', 'Default'), rows)}"


def _says(cls: type) -> str:
    """The class's own words; "" where dataclass only repeated the signature."""
    text = inspect.cleandoc(cls.__doc__ or "")
    return "" if text.startswith(f"{cls.__name__}(") else text


def _field(field: Field[object]) -> tuple[str, ...]:
    kind = str(field.type)
    is_personal = kind.startswith("Personal[")
    shown = kind.removeprefix("Personal[").removesuffix("]") if is_personal else kind
    default = "" if field.default is MISSING else f"`{field.default!r}`"
    return f"`{field.name}`", f"`{_bar(shown)}`", "personal" if is_personal else "open", default


def _words() -> str:
    """Types that are one of a few words, and what a file reference holds."""
    rows = [
        (f"`{name}`", ", ".join(f"`{word}`" for word in get_args(value)))
        for module in _modules()
        for name, value in vars(importlib.import_module(module)).items()
        if get_origin(value) is Literal
    ]
    ends = "\nIds are UUIDs; a `BlobId` is the SHA-256 of the sealed bytes in the vault, in hex. An `Address` is `{address, name}`.\n"
    return "\n## Words\n\n" + _table(("Type", "One of"), rows) + ends


def commands_reference() -> str:
    """The whole command line, one section per command."""
    root = parser()
    head = f"""# Commands

{root.description} Commands that change something speak to the running hub over an owner-only socket; where no hub
runs they open the data folder themselves. Exit codes: 0 done, 1 refused or not well, 2 wrong use or settings,
75 (`amends ingest` only) not on record, try again.
{MADE}
Before the command:

"""
    return (
        head + _table(("Option", "Meaning"), _options(root)) + "".join(_command(*one) for one in leaves(root))
    )


def leaves(
    at: ArgumentParser, path: tuple[str, ...] = (), says: str = ""
) -> Iterator[tuple[str, str, ArgumentParser]]:
    """Every command that can be run: its words, its help, its parser."""
    below = next((action for action in at._actions if isinstance(action, _SubParsersAction)), None)
    if path and (below is None or not below.required):
        yield " ".join(path), says, at
    if below is not None:
        helps = {choice.dest: choice.help or "" for choice in below._choices_actions}
        for name, child in below.choices.items():
            yield from leaves(child, (*path, name), helps.get(name, ""))


def _command(words: str, says: str, command: ArgumentParser) -> str:
    usage = " ".join(["amends", words, *_usage(command)])
    table = _table(("Option", "Meaning"), _options(command))
    return f"\n## amends {words}\n\n{_sentence(says)}\n\n```text\n{usage}\n```\n" + (
        f"\n{table}" if table else ""
    )


def _usage(command: ArgumentParser) -> Iterator[str]:
    for action in _shown(command):
        word = " ".join(
            filter(None, [action.option_strings[-1] if action.option_strings else "", _value(action)])
        )
        is_needed = action.required and action.nargs not in ("*", "...")
        yield word if is_needed else f"[{word}]"


def _options(command: ArgumentParser) -> list[tuple[str, ...]]:
    return [
        (
            f"`{_bar(' '.join(filter(None, [', '.join(one.option_strings), _value(one)])))}`",
            _sentence(one.help or ""),
        )
        for one in _shown(command)
    ]


def _shown(command: ArgumentParser) -> list[Action]:
    return [
        action
        for action in command._actions
        if action.help != SUPPRESS and not isinstance(action, _SubParsersAction) and action.dest != "help"
    ]


def _value(action: Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices:
        return "{" + "|".join(str(one) for one in action.choices) + "}"
    name = str(action.metavar or action.dest.upper())
    return f"{name}…" if action.nargs in ("+", "*", "...") else name


def refusals_reference() -> str:
    """Every no: of the domain, of the API, of a form."""
    refusals = sorted((one() for one in Refusal.__subclasses__()), key=lambda one: one.code)
    rows = [(one.code, one.sentence, REFUSALS_IN_CHINESE.get(one.code, "")) for one in refusals]
    head = f"""# Refusals

What Amends says when it does not do something. The code is stable: switch on it, show the sentence. Errors of the API
have the shape `{{code, message, detail?}}`; `message` is in the language that `Accept-Language` asks for.
{MADE}"""
    return (
        head
        + _sentences("By the rules of the house", "409, or 404 where the code begins with `no-such-`.", rows)
        + _sentences("By the API", "The status is told in [the API](api.md).", _pairs(SENTENCES))
        + _sentences("By a form", "For a field, or for the form as a whole.", _pairs(ERRORS))
    )


def undocumented_refusals() -> list[str]:
    """Codes of refusals without a sentence of their own, in either language."""
    every = [one() for one in Refusal.__subclasses__()]
    return [one.code for one in every if not type(one).__doc__ or one.code not in REFUSALS_IN_CHINESE]


def _pairs(words: Mapping[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(code, english, chinese) for code, (english, chinese) in words.items()]


def _sentences(title: str, note: str, rows: Sequence[tuple[str, str, str]]) -> str:
    shown = [(f"`{code}`", english, chinese) for code, english, chinese in rows]
    return f"\n## {title}\n\n{note}\n\n" + _table(("Code", "English", "简体中文"), shown)


def decisions_index() -> str:
    """Every decision record by number and title."""
    pages = sorted((HERE / "decisions").glob("[0-9]*.md"))
    titles = [path.read_text("utf-8").partition("\n")[0].removeprefix("# ") for path in pages]
    head = f"""# Decisions

Choices that shape Amends, each with its reason, what follows from it, and what was measured. A decision that proves
wrong gets a new record that says so; the old one stays.
{MADE}
"""
    return head + "".join(f"- [{title}]({path.name})\n" for title, path in zip(titles, pages, strict=True))


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/settings.md": settings_reference,
    "reference/events.md": events_reference,
    "reference/commands.md": commands_reference,
    "reference/refusals.md": refusals_reference,
    "decisions/README.md": decisions_index,
}


def main() -> None:
    for name, text in PAGES.items():
        (HERE / name).write_text(text(), "utf-8")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _bar(text: str) -> str:
    """A bar inside a table's cell."""
    return text.replace("|", "\\|")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "." if text else ""


if __name__ == "__main__":
    main()
