"""Letters by hand: `read-mail`, `ingest`, `read-again`, `export messages`."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hub.cli.asking import Asked, add_json, ask, hub, note, settings_of, show
from infra.settings import Settings

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL: a mail server keeps the letter and tries again."""

AT_ONCE: Final = 64
BYTES_AT_ONCE: Final = 16 * 1024 * 1024

Group = list[tuple[str, bytes | str]]
"""Files with their letters, or with why there is none."""


def register(commands: Any) -> None:
    reading = commands.add_parser("read-mail", help="print what is read in letters, one JSON line per file")
    reading.add_argument(
        "files", nargs="+", metavar="FILE", help="a letter as it came (RFC 5322); - for standard input"
    )
    reading.add_argument("--json", action="store_true", help="JSON lines (always; accepted for clarity)")
    reading.set_defaults(run=read_files)

    taking = commands.add_parser("ingest", help="put letters on record by the path every letter takes")
    taking.add_argument(
        "files", nargs="+", metavar="FILE", help="a letter as it came; - for one on standard input"
    )
    taking.add_argument("--account", required=True, metavar="NAME", help="the mailbox it came to")
    add_json(taking)
    taking.set_defaults(run=ingest)

    again = commands.add_parser("read-again", help="read a parked letter again after a fix")
    again.add_argument("raw", metavar="ID", help="the parked letter's id: `raw` in its letter.parked.v1")
    add_json(again)
    again.set_defaults(run=read_again)

    exporting = commands.add_parser("export", help="everything of a kind, one JSON line each")
    exporting.add_argument("what", choices=["messages"], help="one line for each message, oldest first")
    exporting.add_argument("--jsonl", action="store_true", help="JSON lines (always; accepted for clarity)")
    exporting.set_defaults(run=export_all)


def read_files(asked: Namespace) -> int:
    from channels.email import read_mail

    return read_mail.main(asked.files)


async def ingest(asked: Namespace) -> int:
    """Exit 75 unless every letter is on record, whatever happened."""
    try:
        return await _ingest(asked)
    except Exception as failure:  # noqa: BLE001 - an MTA must keep the letter whatever went wrong
        note(f"amends: not on record, try again: {failure}")
        return TRY_AGAIN


async def _ingest(asked: Namespace) -> int:
    endings: dict[str, int] = {}
    async with hub(settings_of(asked), reading=1 if len(asked.files) == 1 else 2) as answer:
        for group in _groups(asked.files):
            for file, landed in await _put(group, asked.account, answer):
                endings[landed["ending"]] = endings.get(landed["ending"], 0) + 1
                _tell(file, landed, as_json=asked.as_json)
    refused = endings.pop("", 0)
    if not asked.as_json and endings:
        print(", ".join(f"{count} {ending}" for ending, count in sorted(endings.items())))
    return TRY_AGAIN if refused else 0


async def _put(group: Group, account: str, answer: Asked) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """All in one question, so that an answer lands after the letter it answers."""
    letters = [b64encode(raw).decode() for _, raw in group if isinstance(raw, bytes)]
    landed = iter((await answer("ingest", {"account": account, "letters": letters}))["landed"])
    return [
        (file, {"ending": "", "why": raw} if isinstance(raw, str) else next(landed)) for file, raw in group
    ]


def _tell(file: str, landed: Mapping[str, Any], *, as_json: bool) -> None:
    if not landed["ending"]:
        note(f"amends: {file} is not on record, try again: {landed['why']}")
    elif as_json:
        print(json.dumps({"file": file, **landed}))


def _groups(files: Sequence[str]) -> Iterator[Group]:
    """Some letters at a time, in their order; a large one goes by itself."""
    group: Group = []
    size = 0
    for file in files:
        raw = _content(file)
        if group and (len(group) == AT_ONCE or size + len(raw) > BYTES_AT_ONCE):
            yield group
            group, size = [], 0
        group.append((file, raw))
        size += len(raw)
    if group:
        yield group


def _content(file: str) -> bytes | str:
    """A letter, or why there is none: the others go on record all the same."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as failure:
        return str(failure)


async def read_again(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "read-again", raw=asked.raw)
    return show(answer, as_json=asked.as_json, line=f"on record at position {answer['position']}")


async def export_all(asked: Namespace) -> int:
    """Opens the house first where no hub runs, so that the views have caught up."""
    settings = settings_of(asked)
    async with hub(settings):
        for row in _messages(settings):
            print(json.dumps(row, ensure_ascii=False))
    return 0


def _messages(settings: Settings) -> Iterator[dict[str, Any]]:
    from hub.assembly.viewing import readers_of
    from projections import export

    engine = readers_of(settings)
    try:
        with engine.connect() as connection:
            yield from export.messages(connection)
    finally:
        engine.dispose()
