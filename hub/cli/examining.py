"""`amends doctor`: is the record whole, and where does each view stand?"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from hub.cli.asking import add_json, ask, settings_of


def register(commands: Any) -> None:
    command = commands.add_parser("doctor", help="is the record whole? exit 1 when it is not")
    add_json(command)
    command.set_defaults(run=examine)


async def examine(asked: Namespace) -> int:
    report = await ask(settings_of(asked), "doctor")
    if asked.as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for problem in report["problems"]:
            where = {name: value for name, value in problem.items() if name not in ("check", "says")}
            print(f"{problem['check']}: {problem['says']} {where or ''}".rstrip())
        for projection in report["projections"]:
            print(line_of(projection))
        for work in report.get("work_in_trouble", ()):
            print(trouble_of(work))
        print(f"{report['events']} events, {report['blobs']} blobs, {report['wrong']} problem(s)")
    return 0 if report["ok"] else 1


def line_of(projection: Mapping[str, Any]) -> str:
    """Where a view stands, and when it was last seen at work."""
    seen = projection["heartbeat"] or "not seen by this process"
    behind = f"{projection['lag']} behind ({projection['lag_seconds']:.0f} s)"
    return f"{projection['name']}: at {projection['position']}, {behind}, {projection['parked']} not taken in, at work {seen}"


def trouble_of(work: Mapping[str, Any]) -> str:
    """What fails and is tried again."""
    return f"{work['name']}: failed {work['times']} times in a row ({work['why']}), is tried again; the log says where"
