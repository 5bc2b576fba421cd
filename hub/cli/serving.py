"""`amends serve`: the whole hub in one process."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hub.cli.asking import add_json, ask, note, settings_of, show


def register(commands: Any) -> None:
    serving = commands.add_parser("serve", help="run the hub until Ctrl+C")
    serving.set_defaults(run=serve)
    status = commands.add_parser("status", help="where the log and the views stand")
    add_json(status)
    status.set_defaults(run=tell_status)
    resuming = commands.add_parser("resume-sending", help="let letters leave again after a restore")
    add_json(resuming)
    resuming.set_defaults(run=resume_sending)


async def serve(asked: Namespace) -> int:
    from hub.assembly.house import open_house
    from hub.assembly.running import serve as work

    async with open_house(settings_of(asked), tell=note) as house:
        await work(house, ready=lambda address: note(f"The desk is at {address}"))
    return 0


async def tell_status(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "status")
    line = f"position {answer['position']}, views at {answer['views']}" + (
        "; SENDING IS PAUSED (amends resume-sending)" if answer["sending_paused"] else ""
    )
    line += "".join(map(_trouble_of, answer["projections"]))
    return show(answer, as_json=asked.as_json, line=line)


async def resume_sending(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "resume-sending")
    line = "Letters leave again." if answer["was_paused"] else "Sending was not paused."
    return show(answer, as_json=asked.as_json, line=line)


def _trouble_of(projection: Any) -> str:
    """A line for each view that is behind or could not take something in."""
    if not projection["lag"] and not projection["parked"]:
        return ""
    return f"\n{projection['name']}: {projection['lag']} facts behind, {projection['parked']} could not be taken in"
