"""Letters by hand: `read-mail`, `ingest`, `read-again`, `export messages`."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hub.cli.asking import Asked, add_json, ask, hub, note, settings_of, show
from infra.control import ControlRefused

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL: a mail server keeps the letter and tries again."""

AT_ONCE: Final = 32


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
    again.add_argument(
        "raw", metavar="ID", help="the parked letter's id, as the desk and `amends doctor` show it"
    )
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
        async for file, landed in _each(asked.files, asked.account, answer):
            endings[landed["ending"]] = endings.get(landed["ending"], 0) + 1
            if asked.as_json:
                print(json.dumps({"file": file, **landed}))
    if not asked.as_json:
        print(", ".join(f"{count} {ending}" for ending, count in sorted(endings.items())))
    return 0


async def _each(
    files: Sequence[str], account: str, answer: Asked
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Some at a time, told in their order."""
    for start in range(0, len(files), AT_ONCE):
        group = files[start : start + AT_ONCE]
        work = [answer("ingest", {"account": account, "raw": _content(file)}) for file in group]
        for file, landed in zip(group, await asyncio.gather(*work), strict=True):
            yield file, dict(landed)


def _content(file: str) -> str:
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return b64encode(raw).decode()


async def read_again(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "read-again", raw=asked.raw)
    return show(answer, as_json=asked.as_json, line=f"on record at position {answer['position']}")


async def export_all(asked: Namespace) -> int:
    """Opens the house first where no hub runs, so that the views have caught up."""
    from hub.assembly.house import Files

    settings = settings_of(asked)
    async with hub(settings):
        for row in _messages(Files(settings.data).views):
            print(json.dumps(row, ensure_ascii=False))
    return 0


def _messages(path: Path) -> Iterator[dict[str, Any]]:
    from projections import export, views

    engine = views.open_reader(path)
    try:
        with engine.connect() as connection:
            yield from export.messages(connection)
    finally:
        engine.dispose()


__all__ = ["ControlRefused", "register"]
