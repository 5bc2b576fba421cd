"""An `Outgoing` to the bytes of a letter (RFC 5322, 2045-2047, 2231): pure, CRLF, nothing from a field can start another.

The standard library's generator is not used: in supported interpreters it lets line ends into fields
(CVE-2024-6923) and encodes the commas of a long address list (CVE-2025-1795).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from itertools import count
from urllib.parse import quote

from hub.domain.letters import Address, Attachment, Outgoing

WIDTH = 76
CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]+")
NOT_IN_ID = re.compile(r"[\s<>\x00-\x1f\x7f]+")
NOT_IN_SPEC = re.compile(r"[\s<>,;:()\[\]\"\\\x00-\x1f\x7f]+")
QUOTED_LOCAL = re.compile(r'"(?:[^"\\\r\n\x00-\x1f]|\\[ -~])*"\Z')
PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")
TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\Z")
LINE_END = re.compile(r"\r\n|\r|\n")
KEYWORD = re.compile(r"[a-z-]+")
WORD_BYTES = 42
"""UTF-8 bytes per encoded word: 56 base64 letters and the frame stay below the 75 of RFC 2047 §2."""


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


def text(value: str) -> str:
    """Unstructured text: ASCII as it is, anything else as encoded words."""
    clean = CONTROLS.sub(" ", value).strip()
    safe = clean.isascii() and "=?" not in clean and all(len(word) < 900 for word in clean.split(" ")) and "  " not in clean
    return clean if safe else encoded_words(clean)


def encoded_words(value: str) -> str:
    """RFC 2047 in UTF-8, cut between characters."""
    return " ".join(f"=?utf-8?B?{base64.b64encode(piece).decode('ascii')}?=" for piece in chunks(value, WORD_BYTES))


def chunks(value: str, size: int) -> Iterator[bytes]:
    """The UTF-8 bytes in pieces of whole characters."""
    piece = b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > size:
            yield piece
            piece = b""
        piece += encoded
    yield piece


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


def bracketed(message_id: str) -> str:
    return f"<{NOT_IN_ID.sub('', message_id)}>"


# --- Parts ---------------------------------------------------------------------------------------------------------


def body(letter: Outgoing) -> bytes:
    """Words as text and HTML, pictures beside the HTML, files after them."""
    page = letter.html or simple_page(letter.text, letter.language)
    pictures = [each for each in letter.attachments if each.inline and each.content_id and letter.html]
    files = [each for each in letter.attachments if each not in pictures]
    html = words("html", page)
    if pictures:
        html = multipart("related", [html, *(file(each) for each in pictures)], letter.message_id)
    spoken = multipart("alternative", [words("plain", letter.text), html], letter.message_id)
    if not files:
        return spoken
    return multipart("mixed", [spoken, *(file(each) for each in files)], letter.message_id)


def multipart(kind: str, parts: list[bytes], seed: str) -> bytes:
    """Parts between delimiters that occur in none of them."""
    boundary = next(each for each in boundaries(kind, seed) if not any(each in part for part in parts))
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary.decode("ascii")}"\r\n\r\n'.encode("ascii")
    return head + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def boundaries(kind: str, seed: str) -> Iterator[bytes]:
    """Endless candidates, always the same for the same letter. `=_` occurs neither in base64 nor in quoted-printable."""
    for attempt in count():
        digest = sha256(f"{kind} {attempt} {seed}".encode("utf-8", "replace")).hexdigest()[:24]
        yield f"=_{kind}_{digest}".encode("ascii")


def words(kind: str, content: str) -> bytes:
    """A text part: as it is when short ASCII lines, else in the shorter transfer encoding."""
    raw = LINE_END.sub("\r\n", content.replace("\0", "")).encode("utf-8", "replace")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\n"
    if raw.isascii() and all(len(line) <= 500 and not line.startswith(b"From ") for line in raw.split(b"\r\n")):
        return f"{head}Content-Transfer-Encoding: 7bit\r\n\r\n".encode("ascii") + raw
    printable = quoted_printable(raw)
    encoded = base64_lines(raw)
    if len(printable) <= len(encoded):
        return f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii") + printable
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode("ascii") + encoded


def quoted_printable(raw: bytes) -> bytes:
    """RFC 2045 §6.7, line by line so that every line ends in CRLF."""
    lines = [binascii.b2a_qp(line, quotetabs=False, istext=True) for line in raw.split(b"\r\n")]
    return b"\r\n".join(re.sub(rb"=\r?\n", b"=\r\n", line) for line in lines)


def base64_lines(raw: bytes) -> bytes:
    return b"\r\n".join(binascii.b2a_base64(raw[at : at + 57], newline=False) for at in range(0, len(raw), 57))


def file(attachment: Attachment) -> bytes:
    """One file, base64. A letter as a file travels as plain bytes: RFC 2046 §5.2.1 forbids to encode `message/*`."""
    kind = attachment.content_type if TYPE.match(attachment.content_type) else ""
    kind = kind if kind and not kind.lower().startswith(("message/", "multipart/")) else "application/octet-stream"
    name = CONTROLS.sub("", attachment.filename)
    lines = [f"Content-Type: {kind}{old_name(name)}", "Content-Transfer-Encoding: base64"]
    lines += [f"Content-Disposition: {'inline' if attachment.inline else 'attachment'}{new_name(name)}"]
    if attachment.content_id:
        lines.append(f"Content-ID: {bracketed(attachment.content_id)}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + base64_lines(attachment.content)


def old_name(name: str) -> str:
    """`name` for readers without RFC 2231: encoded words in quotes, against the letter of RFC 2047, as all do."""
    if not name:
        return ""
    shown = quoted(name) if ascii_name(name) else '"' + encoded_words(name).replace(" ", "\r\n ") + '"'
    return f";\r\n name={shown}"


def new_name(name: str) -> str:
    """`filename` by RFC 2231, in sections where it is long."""
    if not name:
        return ""
    if ascii_name(name):
        return f";\r\n filename={quoted(name)}"
    pieces = [quote(piece, safe="") for piece in chunks(name, 18)]
    if len(pieces) == 1:
        return f";\r\n filename*=UTF-8''{pieces[0]}"
    return "".join(
        f";\r\n filename*{number}*={charset}{piece}"
        for number, (charset, piece) in enumerate(zip(["UTF-8''", *[""] * len(pieces)], pieces, strict=False))
    )


def ascii_name(name: str) -> bool:
    return name.isascii() and len(name) <= 60 and "=?" not in name


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- A simple page -------------------------------------------------------------------------------------------------


def simple_page(plain: str, language: str) -> str:
    """The text as HTML: everything escaped, empty lines part paragraphs, nothing else."""
    paragraphs = re.split(r"\n{2,}", LINE_END.sub("\n", plain.replace("\0", "")).strip("\n"))
    shown = "\n".join(f"<p>{paragraph_html(each)}</p>" for each in paragraphs)
    lang = "zh-CN" if language.startswith("zh") else "en"
    return f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"></head><body>\n{shown}\n</body></html>\n'


def paragraph_html(paragraph: str) -> str:
    return "<br>\n".join(escape(line).replace("  ", "&nbsp; ") for line in paragraph.split("\n"))
