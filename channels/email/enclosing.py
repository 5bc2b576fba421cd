"""The body of a letter we write: words as text and HTML, pictures beside the HTML, files after them (RFC 2046)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from itertools import count
from urllib.parse import quote

from channels.email.encoding import CONTROLS, bracketed, chunks, encoded_words
from hub.domain.letters import Attachment, Outgoing

TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\Z")
LINE_END = re.compile(r"\r\n|\r|\n")


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
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary.decode("ascii")}"\r\n\r\n'.encode(
        "ascii"
    )
    return (
        head
        + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
        + b"--"
        + boundary
        + b"--\r\n"
    )


def boundaries(kind: str, seed: str) -> Iterator[bytes]:
    """Endless candidates, always the same for the same letter. `=_` occurs neither in base64 nor in quoted-printable."""
    for attempt in count():
        digest = sha256(f"{kind} {attempt} {seed}".encode("utf-8", "replace")).hexdigest()[:24]
        yield f"=_{kind}_{digest}".encode("ascii")


def words(kind: str, content: str) -> bytes:
    """A text part: as it is when short ASCII lines, else in the shorter transfer encoding."""
    raw = LINE_END.sub("\r\n", content.replace("\0", "")).encode("utf-8", "replace")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\n"
    if raw.isascii() and all(
        len(line) <= 500 and not line.startswith(b"From ") for line in raw.split(b"\r\n")
    ):
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
    return b"\r\n".join(
        binascii.b2a_base64(raw[at : at + 57], newline=False) for at in range(0, len(raw), 57)
    )


def file(attachment: Attachment) -> bytes:
    """One file, base64. A letter as a file travels as plain bytes: RFC 2046 §5.2.1 forbids to encode `message/*`."""
    kind = attachment.content_type if TYPE.match(attachment.content_type) else ""
    kind = (
        kind
        if kind and not kind.lower().startswith(("message/", "multipart/"))
        else "application/octet-stream"
    )
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


def simple_page(plain: str, language: str) -> str:
    """The text as HTML: everything escaped, empty lines part paragraphs, nothing else."""
    paragraphs = re.split(r"\n{2,}", LINE_END.sub("\n", plain.replace("\0", "")).strip("\n"))
    shown = "\n".join(f"<p>{paragraph_html(each)}</p>" for each in paragraphs)
    lang = "zh-CN" if language.startswith("zh") else "en"
    return f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"></head><body>\n{shown}\n</body></html>\n'


def paragraph_html(paragraph: str) -> str:
    return "<br>\n".join(escape(line).replace("  ", "&nbsp; ") for line in paragraph.split("\n"))
