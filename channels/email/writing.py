"""An `Outgoing` to the bytes of a letter (RFC 5322, 2045-2047, 2231): pure, CRLF, nothing from a field can start another.

The standard library's generator is not used: in supported interpreters it lets line ends into fields
(CVE-2024-6923) and encodes the commas of a long address list (CVE-2025-1795).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from channels.email.enclosing import body
from channels.email.encoding import CONTROLS, bracketed, encoded_words, text
from hub.domain.letters import Address, Outgoing

WIDTH = 76
NOT_IN_SPEC = re.compile(r"[\s<>,;:()\[\]\"\\\x00-\x1f\x7f]+")
QUOTED_LOCAL = re.compile(r'"(?:[^"\\\r\n\x00-\x1f]|\\[ -~])*"\Z')
PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")
KEYWORD = re.compile(r"[a-z-]+")


def compose(letter: Outgoing) -> bytes:
    """The letter as it goes over the wire, lines ended by CRLF, dots not yet stuffed. The same letter, the same bytes.

    Recipients in `bcc` are written nowhere. Without `date` the letter is dated now.
    """
    head = b"".join(fields(letter))
    return head + body(letter)


def fields(letter: Outgoing) -> Iterator[bytes]:
    """The head, field by field."""
    yield field("Date", format_datetime(letter.date or datetime.now(UTC)))
    yield field("From", mailbox(letter.sender))
    yield from listed("To", letter.to)
    yield from listed("Cc", letter.cc)
    if letter.reply_to is not None:
        yield field("Reply-To", mailbox(letter.reply_to))
    yield field("Subject", text(letter.subject))
    yield field("Message-ID", bracketed(letter.message_id))
    if letter.in_reply_to:
        yield field("In-Reply-To", bracketed(letter.in_reply_to))
    if letter.references:
        yield field("References", " ".join(bracketed(each) for each in letter.references))
    yield from machine_fields(letter.automatic)
    # A letter that comes back with this mark and our own id is our echo, never a customer's.
    yield field("X-Amends", bracketed(letter.message_id))
    yield field("Content-Language", "zh-CN" if letter.language.startswith("zh") else "en")
    yield field("MIME-Version", "1.0")


def machine_fields(keyword: str) -> Iterator[bytes]:
    """What keeps robots from answering a robot (RFC 3834 §5, [MS-OXCMAIL], old autoresponders)."""
    if keyword:
        yield field("Auto-Submitted", keyword if KEYWORD.fullmatch(keyword) else "auto-generated")
        yield field("X-Auto-Response-Suppress", "All")
        yield field("Precedence", "auto_reply")


def listed(name: str, addresses: tuple[Address, ...]) -> Iterator[bytes]:
    if addresses:
        yield field(name, ", ".join(mailbox(each) for each in addresses))


def field(name: str, value: str) -> bytes:
    """One field, folded at blanks. Whatever could end a line was made a blank: a value can't start a field."""
    lines = [f"{name}:"]
    for word in CONTROLS.sub(" ", value).split(" "):
        if not word:
            continue
        if len(lines[-1]) + 1 + len(word) > WIDTH and len(lines[-1]) > len(name) + 1:
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def mailbox(address: Address) -> str:
    """`Name <local@domain>`; a name is a phrase, a quoted string or encoded words, as it needs."""
    name = CONTROLS.sub(" ", address.name).strip()
    if not name:
        return spec(address.address)
    if not name.isascii() or "=?" in name or len(name) > 200 or "  " in name:
        return f"{encoded_words(name)} <{spec(address.address)}>"
    if PLAIN_PHRASE.match(name):
        return f"{name} <{spec(address.address)}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{spec(address.address)}>'


def spec(address: str) -> str:
    """local@domain without anything that could end it; the domain in its ASCII form (RFC 5891)."""
    local, at, domain = address.strip().rpartition("@")
    if not QUOTED_LOCAL.match(local):
        local = NOT_IN_SPEC.sub("", local.replace("@", ""))
    domain = NOT_IN_SPEC.sub("", domain)
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        domain = quote(domain, safe="")
    return f"{local}{at}{domain}"
