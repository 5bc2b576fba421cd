"""Customers at their mail programs: they write by SMTP, look into their mailbox by IMAP, and answer what they got."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from email.utils import formataddr, formatdate, make_msgid, parseaddr
from imaplib import IMAP4_SSL
from ssl import SSLContext

from hub.demo.certificates import client_context
from hub.demo.doorman import User

PATIENCE = 60.0
LOOPBACK = "127.0.0.1"
SUPPORT = User(address="support@shop.example", password="secret", name="The Lamp Shop")
ORDERS = User(address="orders@shop.example", password="secret", name="The Lamp Shop, Orders")


@dataclass(frozen=True, slots=True)
class Post:
    """Where the mail server listens."""

    smtp_port: int
    imap_port: int
    ca_pem: str

    @property
    def context(self) -> SSLContext:
        return client_context(self.ca_pem)

    def write(self, sender: User, letter: EmailMessage) -> EmailMessage:
        """Hand the letter in as its author; it is on the server when this returns."""
        self.hand_in(sender, parseaddr(str(letter["To"]))[1], letter.as_bytes())
        return letter

    def hand_in(self, sender: User, to: str, raw: bytes) -> None:
        """These very bytes."""
        with smtplib.SMTP(LOOPBACK, self.smtp_port, timeout=PATIENCE) as line:
            line.starttls(context=self.context)
            line.login(sender.address, sender.password)
            line.sendmail(sender.address, [to], raw)

    def mailbox(self, owner: User) -> list[EmailMessage]:
        """Every letter in the INBOX, oldest first."""
        box = IMAP4_SSL(LOOPBACK, self.imap_port, ssl_context=self.context, timeout=PATIENCE)
        try:
            box.login(owner.address, owner.password)
            box.select("INBOX", readonly=True)
            numbers = box.search(None, "ALL")[1][0].split()
            return [_parsed(box.fetch(number.decode(), "(BODY.PEEK[])")[1]) for number in numbers]
        finally:
            box.logout()

    def gets(self, owner: User, wanted: Callable[[EmailMessage], bool]) -> EmailMessage:
        """The one letter that is wanted, as soon as it is there."""
        found: list[EmailMessage] = []

        def there() -> bool:
            found[:] = [letter for letter in self.mailbox(owner) if wanted(letter)]
            return bool(found)

        until(there, f"no such letter for {owner.address}")
        assert len(found) == 1, [letter["Subject"] for letter in found]
        return found[0]


def letter(
    sender: User, subject: str, text: str, *, to: User = SUPPORT, html: str = "",
    files: Sequence[tuple[str, str, bytes]] = (),
) -> EmailMessage:  # fmt: skip
    """A first letter. `files`: name, content type, bytes."""
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"] = formataddr((sender.name, sender.address)), to.address
    written["Subject"], written["Date"] = subject, formatdate()
    written["Message-ID"] = make_msgid(domain=sender.address.rpartition("@")[2])
    written.set_content(text)
    if html:
        written.add_alternative(html, subtype="html")
    for name, kind, content in files:
        major, _, minor = kind.partition("/")
        written.add_attachment(content, maintype=major, subtype=minor, filename=name)
    return written


def answer(sender: User, heard: EmailMessage, text: str) -> EmailMessage:
    """An answer as mail programs write it: to where the letter asked, threaded, quoting."""
    written = letter(sender, f"Re: {heard['Subject']}", f"{text}\n\n{_quoted(heard)}")
    written.replace_header("To", str(heard["Reply-To"] or heard["From"]))
    written["In-Reply-To"] = str(heard["Message-ID"])
    written["References"] = " ".join(f"{heard['References'] or ''} {heard['Message-ID']}".split())
    return written


def words(heard: EmailMessage) -> str:
    """A letter's plain text."""
    body = heard.get_body(("plain",))
    return body.get_content() if body is not None else ""


def is_automatic(heard: EmailMessage) -> bool:
    return str(heard["Auto-Submitted"] or "no").lower() != "no"


def until(holds: Callable[[], object], otherwise: str, patience: float = PATIENCE) -> None:
    """Ask again and again; a condition of another process can't be waited on in any other way."""
    ends = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < ends, otherwise
        time.sleep(0.1)


def _quoted(heard: EmailMessage) -> str:
    lines = "\n".join(f"> {line}" for line in words(heard).splitlines())
    return f"On {heard['Date']}, {heard['From']} wrote:\n{lines}\n"


def _parsed(fetched: list[object]) -> EmailMessage:
    parser: BytesParser[EmailMessage] = BytesParser(policy=default)
    raw = next(part[1] for part in fetched if isinstance(part, tuple))
    return parser.parsebytes(raw)
