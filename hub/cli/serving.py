"""`amends serve`: the whole hub in one process."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import Any, Final

from hub.cli.asking import add_json, ask, note, settings_of, show
from hub.cli.examining import trouble_of
from infra.settings import ConfigurationError

ROLES: Final = ("ingest", "react", "deliver", "project", "timers")
WORK: Final = (
    "Any number of processes may run beside each other on one PostgreSQL, each with a data folder of its own and all with "
    "one vault. Each mailbox, policy and outbox is worked on by one process at a time; when that one is stopped or killed, "
    "another goes on. So it is with the views, which all of them share (`project`)."
)
ALONE: Final = (
    "A record in a data folder has one process. Set database_url (AMENDS_DATABASE_URL), or run: amends serve"
)


def register(commands: Any) -> None:
    serving = commands.add_parser("serve", help="run the hub until Ctrl+C")
    serving.set_defaults(run=serve)
    working = commands.add_parser(
        "work",
        help="do the hub's work without its pages, beside other processes on one PostgreSQL",
        description=WORK,
    )
    working.add_argument(
        "--role",
        type=roles_of,
        default=ROLES,
        metavar="ROLE[,ROLE]",
        help=f"some of {','.join(ROLES)} (default: all)",
    )
    working.set_defaults(run=work)
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


async def work(asked: Namespace) -> int:
    settings = settings_of(asked)
    if not settings.database_url:
        raise ConfigurationError([ALONE])
    from hub.assembly.house import open_house
    from hub.assembly.running import work as work_on

    async with open_house(settings, tell=note, writes="project" in asked.role) as house:
        await work_on(house, asked.role, ready=lambda roles: note(f"At work: {roles}"))
    return 0


def roles_of(text: str) -> tuple[str, ...]:
    """`deliver,timers` → both; anything else is told with what there is."""
    asked = tuple(dict.fromkeys(text.split(",")))
    if unknown := [role for role in asked if role not in ROLES]:
        raise ArgumentTypeError(f"{unknown[0]!r} is no role. Choose from {', '.join(ROLES)}.")
    return asked


async def tell_status(asked: Namespace) -> int:
    answer = await ask(settings_of(asked), "status")
    line = f"position {answer['position']}, views at {answer['views']}" + (
        "; SENDING IS PAUSED (amends resume-sending)" if answer["sending_paused"] else ""
    )
    line += "".join(map(_trouble_of, answer["projections"]))
    line += "".join(f"\n{trouble_of(work)}" for work in answer.get("work_in_trouble", ()))
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
