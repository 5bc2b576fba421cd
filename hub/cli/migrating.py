"""`amends migrate` and `amends restored`: a record that an older Amends wrote, or that was restored, made ready for this one."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from hub.cli.asking import add_json, note, settings_of, show
from infra.settings import ConfigurationError


def register(commands: Any) -> None:
    command = commands.add_parser(
        "migrate",
        help="bring log, keys and desk tables up to this version; no hub may run",
        description="`amends serve` says when it is needed. Make a backup first: there is no way back but to restore it.",
    )
    add_json(command)
    command.set_defaults(run=migrate)
    register_restored(commands)


def register_restored(commands: Any) -> None:
    command = commands.add_parser(
        "restored",
        help="after PostgreSQL was restored by its own means, before any hub starts",
        description="Destroys the keys of everybody who was erased since the backup, gives the record a new incarnation, signs "
        "everybody out, and keeps letters back until `amends resume-sending`.",
    )
    command.add_argument(
        "--without-erasures", action="store_true", help="the list of erasures is lost: the erased come back"
    )
    add_json(command)
    command.set_defaults(run=make_ready)


async def make_ready(asked: Namespace) -> int:
    from infra.restored import restored

    settings = settings_of(asked)
    if not settings.database_url:
        raise ConfigurationError(
            ["The record is in a data folder: restore a backup of it with amends restore."]
        )
    done = await restored(
        settings.database_url,
        settings.data,
        settings.vault or settings.data / "vault",
        settings.master_key_file,
        without_erasures=asked.without_erasures,
        tell=note,
    )
    line = (
        f"Ready at position {done.position}; {done.erased} erasure(s) applied. "
        "Start the hubs. Nothing is sent until: amends resume-sending"
    )
    return show(asdict(done), as_json=asked.as_json, line=line)


def migrate(asked: Namespace) -> int:
    from infra.lock import one_hub
    from infra.migrations import MIGRATIONS, migrate_database, migrate_folder

    settings, done = settings_of(asked), list[str]()
    with one_hub(settings.data):
        done += migrate_folder(settings.data)
        if settings.database_url:
            done += migrate_database(settings.database_url)
    line = "\n".join(done) or f"Nothing to do: {', '.join(MIGRATIONS)} are of this version."
    return show({"done": done}, as_json=asked.as_json, line=line)
