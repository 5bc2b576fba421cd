"""`amends demo`: everything at once on this machine; `demo write` and `demo mailbox` are its customers."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from hub.cli.asking import add_json
from hub.domain.letters import HandedOver

FOLDER: Final = Path("amends-demo")


def register(commands: Any) -> None:
    demo = commands.add_parser(
        "demo", help="the hub, a mail server, a shop and customers, all on this machine"
    )
    _add_folder(demo)
    demo.add_argument("--seconds", type=float, default=180, help="over how long the first letters come (180)")
    demo.add_argument("--quiet", action="store_true", help="no customer writes by themselves")
    demo.set_defaults(run=play)
    deeds = demo.add_subparsers(metavar="DEED")
    write = deeds.add_parser("write", help="send a letter as a customer")
    write.add_argument(
        "--from",
        dest="sender",
        required=True,
        metavar="ADDRESS",
        help="whose letter it is; anybody may write",
    )
    write.add_argument(
        "--subject", required=True, help='a subject that begins with "Re:" answers the newest such letter'
    )
    write.add_argument("--text", required=True, help="what it says")
    write.add_argument("--to", default=None, help="default: the shop's support mailbox")
    _add_folder(write)
    write.set_defaults(run=write_letter)
    mailbox = deeds.add_parser("mailbox", help="show what a customer got")
    mailbox.add_argument("address", metavar="ADDRESS", help="whose mailbox")
    _add_folder(mailbox)
    add_json(mailbox)
    mailbox.set_defaults(run=show_mailbox)


def _add_folder(command: Any) -> None:
    command.add_argument("--folder", type=Path, default=FOLDER, help=f"where the demo lives ({FOLDER})")


async def play(asked: Namespace) -> int:
    from hub.demo.play import play as run

    await run(asked.folder.absolute(), seconds=asked.seconds, quiet=asked.quiet, tell=_tell)
    return 0


async def write_letter(asked: Namespace) -> int:
    from hub.demo.customers import write
    from hub.demo.people import SUPPORT

    to = asked.to or SUPPORT.address
    result = await write(_office(asked.folder), asked.sender, asked.subject, asked.text, to=to)
    if not isinstance(result, HandedOver):
        raise LookupError(f"The letter was not taken: {result.why}")
    print("handed over")
    return 0


async def show_mailbox(asked: Namespace) -> int:
    from channels.email.wire.client import MailboxRefused
    from hub.demo.customers import mailbox, readable

    try:
        letters = await mailbox(_office(asked.folder), asked.address)
    except MailboxRefused:
        raise LookupError(
            f"{asked.address} has no mailbox in the demo; whoever writes gets one (amends demo write)."
        ) from None
    for letter in letters if asked.as_json else ():
        print(json.dumps(_described(letter), ensure_ascii=False))
    if not asked.as_json:
        print(readable(letters))
    return 0


def _described(letter: Any) -> dict[str, Any]:
    names = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")
    body = letter.get_body(("plain", "html"))
    text = body.get_content() if body is not None else ""
    return {name.lower().replace("-", "_"): str(letter[name] or "") for name in names} | {"text": text}


def _office(folder: Path) -> Any:
    from hub.demo.stage import Stage

    try:
        return Stage(folder.absolute()).office()
    except FileNotFoundError:
        raise LookupError(f"No demo runs in {folder}. Start it with `amends demo`.") from None


def _tell(text: str) -> None:
    print(text, flush=True)
