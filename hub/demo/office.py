"""Speaking to the demo's mail server as one of its people: handing letters in, looking into a mailbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import getaddresses
from pathlib import Path

from channels.email.wire import SmtpSettings, send
from channels.email.wire.client import MailboxClient
from hub.demo.certificates import client_context
from hub.demo.doorman import User
from hub.demo.mailserver import LOOPBACK, MailServer
from hub.demo.people import EVERYONE, PASSWORD
from hub.domain.letters import Delivery, normalised

FETCH_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where the demo's mail server listens, for whoever speaks to it."""

    smtp_port: int
    imap_port: int
    ca_pem: str

    @classmethod
    def of(cls, server: MailServer) -> Office:
        return cls(smtp_port=server.smtp_port, imap_port=server.imap_port, ca_pem=server.ca_pem)

    @classmethod
    def told_in(cls, ports_file: Path) -> Office:
        """As a server of another process wrote it. Raises `FileNotFoundError` when no demo runs there."""
        told = json.loads(ports_file.read_text("utf-8"))
        return cls(smtp_port=told["smtp_port"], imap_port=told["imap_port"], ca_pem=told["ca_pem"])

    def note(self, ports_file: Path) -> None:
        """Write down what `told_in` reads."""
        told = {"smtp_port": self.smtp_port, "imap_port": self.imap_port, "ca_pem": self.ca_pem}
        part = ports_file.with_suffix(".part")
        part.write_text(json.dumps(told), "utf-8")
        part.replace(ports_file)


async def mailbox(office: Office, address: str, password: str = PASSWORD) -> list[EmailMessage]:
    """Every letter in somebody's INBOX, oldest first. Raises `MailboxRefused` for a stranger."""
    client = MailboxClient(LOOPBACK, office.imap_port, 30, client_context(office.ca_pem))
    try:
        await client.greet()
        await client.sign_in(address, password)
        await client.open("INBOX")
        uids = await client.uids_above(0)
        letters = [
            letter
            for start in range(0, len(uids), FETCH_AT_ONCE)
            for letter in (await client.letters(uids[start : start + FETCH_AT_ONCE])).values()
        ]
    finally:
        await client.leave()
    return [_parsed(letter.body or b"") for letter in sorted(letters, key=lambda letter: letter.uid)]


async def post(office: Office, sender: User, letter: EmailMessage) -> Delivery:
    """Hand a letter in with the sender's own password."""
    recipients = [address for _, address in getaddresses([str(letter["To"])])]
    settings = SmtpSettings(
        host=LOOPBACK, port=office.smtp_port, user=sender.address, password=sender.password, timeout=15,
        context=client_context(office.ca_pem),
    )  # fmt: skip
    return await send(letter.as_bytes(), sender.address, recipients, settings)


def user(address: str, password: str = PASSWORD) -> User:
    """One of the demo's people, or somebody whose password is `password`."""
    known = {normalised(person.address): person for person in EVERYONE}
    return known.get(normalised(address), User(address=address, password=password))


def _parsed(raw: bytes) -> EmailMessage:
    parser: BytesParser[EmailMessage] = BytesParser(policy=default)
    return parser.parsebytes(raw)


def readable(letters: Sequence[EmailMessage]) -> str:
    """Letters as text for a terminal."""
    return "\n\n".join(_as_text(letter) for letter in letters) or "(no letters)"


def _as_text(letter: EmailMessage) -> str:
    heads = [f"{name}: {letter[name]}" for name in ("From", "To", "Date", "Subject") if letter[name]]
    body = letter.get_body(("plain", "html"))
    return "\n".join([*heads, "", (body.get_content() if body else "").rstrip(), "-" * 72])
