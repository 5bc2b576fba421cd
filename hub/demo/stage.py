"""The demo's folder: its settings file, passwords and the people who may sign in. A second start finds everything as it was."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.assembly.house import House
from hub.assembly.verbs import add_agent
from hub.demo.office import Office
from hub.demo.people import DOMAIN, PASSWORD, SHOP
from infra.settings import Settings, load_settings

SIGN_IN: Final = "demo-password"
"""Everybody's password at the demo's desk, on the loopback only."""

STAFF: Final[tuple[Mapping[str, str], ...]] = (
    {"name": "Mia Rep", "email": f"mia@{DOMAIN}", "role": "rep"},
    {"name": "赵敏", "email": f"zhao@{DOMAIN}", "role": "rep"},
    {"name": "Lee Lead", "email": f"lee@{DOMAIN}", "role": "lead"},
    {"name": "Ada Auditor", "email": f"ada@{DOMAIN}", "role": "auditor"},
    {"name": "Admin", "email": f"admin@{DOMAIN}", "role": "admin"},
)

MAILBOX: Final = """
[[mailbox]]
name = "{name}"
address = "{address}"
display_name = "{display}"
imap = "imaps://{address_quoted}@127.0.0.1:{imap}/INBOX"
smtp = "smtp+starttls://{address_quoted}@127.0.0.1:{smtp}"
password_file = "mailbox.password"
ca_file = "mail-server.pem"
trusted_authserv_ids = ["mail.{domain}"]
plus_addressing = true
signature = "{display}\\nhttp://{domain}"
"""

SETTINGS: Final = """# Written by `amends demo` at every start.
data = "hub"
workspace = "demo"
master_key_file = "master.key"
listen = "127.0.0.1:{desk}"
{mailboxes}
[[form]]
name = "contact"
mailbox = "support"
title = "Write to Lantern & Co."
title_zh = "联系灯笼灯具"
allowed_origins = ["http://127.0.0.1:{shop}", "http://localhost:{shop}"]
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where things stand in the demo's folder."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        return self.folder / "amends.toml"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def office_file(self) -> Path:
        return self.folder / "mail-server.json"

    @property
    def progress(self) -> Path:
        return self.folder / "customers.json"

    def office(self) -> Office:
        """The running demo's mail server. Raises `FileNotFoundError`."""
        return Office.told_in(self.office_file)

    def set_up(self, office: Office, desk: int, shop: int) -> Settings:
        """Write what the hub reads, and read it as any hub would."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "mail-server.pem").write_text(office.ca_pem, "utf-8")
        _write_owner_only(self.folder / "mailbox.password", PASSWORD)
        office.note(self.office_file)
        boxes = "".join(_mailbox(user.address, user.name, office) for user in SHOP)
        self.settings_file.write_text(SETTINGS.format(desk=desk, shop=shop, mailboxes=boxes), "utf-8")
        return load_settings(self.settings_file, {})


async def hire(house: House) -> None:
    """The demo's staff, once."""
    for person in STAFF:
        if await house.tables.credentials.find(person["email"]) is None:
            params: dict[str, Any] = {**person, "password": SIGN_IN}
            await add_agent(house, params)


def free_port(wanted: int) -> int:
    """`wanted` when it is free on the loopback, else any free one."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("No port is free on this machine.")


def _mailbox(address: str, display: str, office: Office) -> str:
    return MAILBOX.format(
        name=address.partition("@")[0],
        address=address,
        address_quoted=address.replace("@", "%40"),
        display=display,
        domain=DOMAIN,
        imap=office.imap_port,
        smtp=office.smtp_port,
    )


def _write_owner_only(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
