"""`amends admin create`: the first person who may sign in."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from typing import Any, Final

from hub.cli.asking import add_json, ask, settings_of, show

SHORTEST: Final = 10


def register(commands: Any) -> None:
    admin = commands.add_parser("admin", help="people who may sign in")
    deeds = admin.add_subparsers(metavar="DEED", required=True)
    create = deeds.add_parser(
        "create", help="add a person, or give one a new password, which ends their sessions"
    )
    create.add_argument("--email", required=True, help="what they sign in with")
    create.add_argument("--name", required=True, help="as colleagues see it")
    create.add_argument(
        "--role",
        choices=["rep", "lead", "auditor", "admin"],
        help="what they may do (admin; who is here already keeps their role unless one is named)",
    )
    create.add_argument(
        "--password-env",
        metavar="VARIABLE",
        help="take the password from this variable instead of asking for it",
    )
    add_json(create)
    create.set_defaults(run=create_agent)


async def create_agent(asked: Namespace) -> int:
    answer = await ask(
        settings_of(asked),
        "add-agent",
        name=asked.name,
        email=asked.email,
        role=asked.role,
        password=_password(asked.password_env),
    )
    return show(answer, as_json=asked.as_json, line=f"{asked.email} may sign in as {answer['role']}.")


def _password(variable: str | None) -> str:
    """Never an argument: other users of the machine could read it."""
    if variable:
        password = os.environ.get(variable, "")
    else:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < SHORTEST:
        raise ValueError(f"The password needs at least {SHORTEST} characters.")
    return password
