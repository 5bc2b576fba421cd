"""Care of the record: rebuild, erase, backup, restore, keys, doctor."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from hub.cli.asking import Asked, add_json, ask, hub, note, settings_of, show
from projections.progress import Progress

TELL_EVERY_S: Final = 2.0


def register(commands: Any) -> None:
    for add in (
        _add_rebuild,
        _add_erase,
        _add_backup,
        _add_restore,
        _add_copy,
        _add_keys,
        _add_sweep,
    ):
        add(commands)


def _add_rebuild(commands: Any) -> None:
    command = commands.add_parser("rebuild", help="build views anew from the log, while the old ones serve")
    command.add_argument("names", nargs="+", metavar="NAME", help='a view, or "all"')
    add_json(command)
    command.set_defaults(run=rebuild_views)


def _add_erase(commands: Any) -> None:
    command = commands.add_parser("erase", help="erase a person for ever, linked customers included")
    command.add_argument("customer", metavar="CUSTOMER", help="the customer's id")
    command.add_argument("--reason", default="asked for", help="stays on record: no personal data")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_json(command)
    command.set_defaults(run=erase_customer)


def _add_backup(commands: Any) -> None:
    command = commands.add_parser("backup", help="copy everything into a new folder, while serving")
    command.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    add_json(command)
    command.set_defaults(run=back_up)


def _add_restore(commands: Any) -> None:
    command = commands.add_parser("restore", help="make the data folder anew from a backup; no hub may run")
    command.add_argument("folder", type=Path, metavar="DIR", help="the backup")
    command.add_argument("--keys-from", type=Path, metavar="DIR", help="a newer backup whose keys are taken")
    command.add_argument(
        "--without-erasures", action="store_true", help="the list of erasures is lost: the erased come back"
    )
    add_json(command)
    command.set_defaults(run=restore_backup)


def _add_copy(commands: Any) -> None:
    command = commands.add_parser(
        "copy",
        help="bring a whole record from its data folder into PostgreSQL; no hub may run",
        description="Positions, versions and bytes stay as they are and are compared at the end. What was cut short is gone on "
        "with by the same command. The data folder stays as it is; the master key stays the same.",
    )
    command.add_argument("--from", dest="source", required=True, metavar="sqlite:DIR", help="a data folder")
    command.add_argument(
        "--to", dest="target", required=True, metavar="postgresql://USER@HOST/NAME", help="an empty database"
    )
    command.add_argument(
        "--vault", type=Path, metavar="DIR", help="bring letters and files there (default: they stay)"
    )
    add_json(command)
    command.set_defaults(run=copy)


def _add_keys(commands: Any) -> None:
    keys = commands.add_parser("keys", help="the master key").add_subparsers(metavar="VERB", required=True)
    command = keys.add_parser("rotate", help="put a new master key in the old one's place")
    add_json(command)
    command.set_defaults(run=rotate_keys)


def _add_sweep(commands: Any) -> None:
    command = commands.add_parser(
        "sweep", help="clear away letters and files that nothing names (done daily)"
    )
    add_json(command)
    command.set_defaults(run=sweep)


async def rebuild_views(asked: Namespace) -> int:
    async with hub(settings_of(asked)) as asking:
        answer = await watched(asking, "rebuild", {"names": asked.names})
    line = f"Rebuilt up to position {answer['position']}: {', '.join(answer['names'])}"
    if answer["resumed_at"]:
        line += f" (went on at {answer['resumed_at']}, where an earlier one was stopped)"
    if answer["differing"]:
        told = ", ".join(f"{count} in {table}" for table, count in answer["differing"].items())
        line += f"\nOf {answer['sampled']} rows looked at, some were not the same before: {told}"
    return show(answer, as_json=asked.as_json, line=line)


async def watched(asking: Asked, verb: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of a verb that may take long; until it comes, how far it is, on standard error."""
    task = asyncio.ensure_future(asking(verb, params))
    while not (await asyncio.wait([task], timeout=TELL_EVERY_S))[0]:
        progress = (await asking("status", {})).get("rebuilding")
        if progress:
            note(progress_of(progress))
    return await task


def progress_of(progress: Mapping[str, Any]) -> str:
    """`42 % (4,200 of 10,000), 1,000 a second, 6 s left`."""
    position, goal, left = progress["position"], progress["goal"], progress["seconds_left"]
    ahead = "" if left is None else f", {left} s left"
    share = 100 * position // max(1, goal)
    return f"{share} % ({position:,} of {goal:,}), {progress['per_second']:,} a second{ahead}"


async def erase_customer(asked: Namespace) -> int:
    if not asked.yes and sys.stdin.isatty() and not await asyncio.to_thread(_is_sure, asked.customer):
        return 1
    answer = await ask(settings_of(asked), "erase", customer=asked.customer, reason=asked.reason)
    line = (
        f"Erased at position {answer['position']}: {len(answer['streams'])} customer(s), "
        f"{answer['blobs']} letters and files. Their keys are destroyed; no byte of them is left in the data folder."
    )
    return show(answer, as_json=asked.as_json, line=line)


def _is_sure(customer: str) -> bool:
    return (
        input(f"Erase {customer} for ever, with everybody linked? This can't be undone. Type yes: ").strip()
        == "yes"
    )


async def back_up(asked: Namespace) -> int:
    settings = settings_of(asked)
    folder = await asyncio.to_thread(asked.folder.absolute)
    answer = await ask(settings, "backup", folder=str(folder))
    key = settings.master_key_file.with_name(answer["key_file"])
    note(
        f"To restore it elsewhere you also need {key} (destroyed on {answer['expires']}) and "
        f"{settings.master_key_file}.erasures. Keep copies of both apart from the backup."
    )
    line = f"Backed up to {folder}: every event up to position {answer['position']}, {answer['blobs']} letters and files."
    return show(answer, as_json=asked.as_json, line=line)


def restore_backup(asked: Namespace) -> int:
    from infra.restore import restore

    settings = settings_of(asked)
    done = restore(
        asked.folder,
        settings.data,
        settings.master_key_file,
        keys_from=asked.keys_from,
        without_erasures=asked.without_erasures,
        tell=note,
    )
    line = (
        f"Restored up to position {done.position}; {done.erased} erasure(s) applied. "
        "Nothing is sent until: amends resume-sending"
    )
    return show(asdict(done), as_json=asked.as_json, line=line)


def copy(asked: Namespace) -> int:
    from infra.moving import move

    kind, _, folder = asked.source.partition(":")
    if kind != "sqlite" or not folder or not asked.target.startswith(("postgresql:", "postgres:")):
        raise ValueError("Write: amends copy --from sqlite:DATA_FOLDER --to postgresql://user@host/database")
    data, vault = Path(folder).absolute(), asked.vault and asked.vault.absolute()
    meter = Meter()
    done = move(data, asked.target, vault, meter)
    note(
        f"The record is in the database. {data} is as it was; keep it until you are sure. Give every hub a new data folder and:\n"
        f'  database_url = "{asked.target}"\n  vault = "{done.vault}"'
    )
    line = f"Copied and compared: {done.log.events} events, {done.keys} keys"
    return show({**asdict(done), "vault": str(done.vault)}, as_json=asked.as_json, line=line)


class Meter:
    """How far it is, from time to time, on standard error."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.told = clock, clock()
        self.progress: Progress | None = None

    def __call__(self, there: int, whole: int) -> None:
        self.progress = self.progress or Progress(names=("log",), first=there, goal=whole, position=there)
        self.progress.position = there
        if self.clock() - self.told >= TELL_EVERY_S:
            self.told = self.clock()
            note(progress_of(self.progress.told()))


async def rotate_keys(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "rotate-keys")
    note(answer["note"])
    line = f"{answer['keys']} keys are wrapped by the new master key {answer['master_key']}."
    return show(answer, as_json=asked.as_json, line=line)


async def sweep(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "sweep")
    line = answer["why_not"] and f"Nothing was swept: {answer['why_not']}. Run: amends doctor"
    return show(answer, as_json=asked.as_json, line=line or f"{answer['blobs']} orphans are gone.")
