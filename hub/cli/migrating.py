"""`amends migrate`: bring a record that an older Amends wrote up to this one."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hub.cli.asking import add_json, settings_of, show


def register(commands: Any) -> None:
    command = commands.add_parser(
        "migrate",
        help="bring log, keys and desk tables up to this version; no hub may run",
        description="`amends serve` says when it is needed. Make a backup first: there is no way back but to restore it.",
    )
    add_json(command)
    command.set_defaults(run=migrate)


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
