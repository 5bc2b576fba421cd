"""Invented letters put into bytes, the way the program at hand would; independent of the code under test."""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from tests.letters.programs import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is to be put into a letter."""

    sender: tuple[str, str]
    to: str
    subject: str
    date: str
    message_id: str
    references: tuple[str, ...]
    text: str
    files: tuple[tuple[str, bytes], ...]


def assembled(letter: Written, program: Program, script: str, rng: random.Random) -> bytes:
    """The whole letter, lines ended by CRLF."""
    label, codec = charset(letter, program, rng)
    content = words(letter.text, program, (label, codec), rng)
    if letter.files:
        style = rng.choice(program.names)
        content = joined(
            "mixed", [content, *(file(each, style, (label, codec)) for each in letter.files)], rng
        )
    return b"\r\n".join(fields(letter, (label, codec), rng)) + b"\r\n" + content


def charset(letter: Written, program: Program, rng: random.Random) -> tuple[str, str]:
    """A charset of this program that can hold the letter, else UTF-8."""
    everything = letter.text + letter.subject + letter.sender[0] + "".join(name for name, _ in letter.files)
    able = [each for each in program.codecs if can(everything, each[1])]
    return rng.choice(able) if able else ("utf-8", "utf-8")


def can(text: str, codec: str) -> bool:
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeError:
        return False


def subject_in(subject: str) -> str:
    """A subject as it comes out of a letter."""
    return subject.strip()


def fields(letter: Written, codec: tuple[str, str], rng: random.Random) -> list[bytes]:
    name, address = letter.sender
    lines = [
        f"Received: from [192.0.2.{rng.randrange(1, 255)}] by mx.mail.example with ESMTPS id {rng.randrange(10**8)}\r\n for <{letter.to}>; {letter.date}",
        f"From: {phrase(name, codec, rng)} <{address}>",
        f"To: <{letter.to}>" if rng.random() < 0.5 else f'To: "Customer Care" <{letter.to}>',
        f"Subject: {encoded(letter.subject, codec, rng)}",
        f"Date: {letter.date}",
        f"Message-ID: <{letter.message_id}>",
        "MIME-Version: 1.0",
    ]
    if letter.references:
        lines += [
            f"In-Reply-To: <{letter.references[-1]}>",
            "References: " + "\r\n ".join(f"<{each}>" for each in letter.references),
        ]
    return [line.encode("ascii") for line in lines]


def phrase(name: str, codec: tuple[str, str], rng: random.Random) -> str:
    if name.isascii():
        return f'"{name}"' if not name.replace(" ", "").isalpha() else name
    return encoded(name, codec, rng)


def encoded(text: str, codec: tuple[str, str], rng: random.Random) -> str:
    """Encoded words cut between characters, or, as some programs do, between bytes of one."""
    if text.isascii():
        return text
    label = codec[0] if can(text, codec[1]) else "utf-8"
    raw = text.encode(codec[1] if label == codec[0] else "utf-8")
    size = rng.choice((12, 30, 45)) if label.lower() in ("utf-8", "gb18030", "gbk", "gb2312", "big5") else 45
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    write = in_b if rng.random() < 0.6 else in_q
    return "\r\n ".join(f"=?{label}?{write(piece)}?=" for piece in pieces)


def in_b(piece: bytes) -> str:
    return "B?" + base64.b64encode(piece).decode("ascii")


def in_q(piece: bytes) -> str:
    return "Q?" + "".join(
        chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"={byte:02X}" for byte in piece
    )


def words(text: str, program: Program, codec: tuple[str, str], rng: random.Random) -> bytes:
    """The text as a part: plain, plain beside HTML, or HTML alone."""
    plain = leaf("plain", text.replace("\n", "\r\n") + "\r\n", codec, rng.choice(program.encodings))
    if program.shape == "plain":
        return plain
    page = leaf("html", html_of(text), codec, rng.choice(("quoted-printable", "base64")))
    return page if program.html_only else joined("alternative", [plain, page], rng)


def html_of(text: str) -> str:
    lines = [f"<div>{escape(line).replace('  ', ' &nbsp;') or '<br>'}</div>" for line in text.split("\n")]
    return "<html><head><style>div{margin:0}</style></head><body>" + "\r\n".join(lines) + "</body></html>"


def leaf(kind: str, text: str, codec: tuple[str, str], encoding: str) -> bytes:
    label, name = codec
    raw = text.encode(name)
    if encoding == "7bit" and not raw.isascii():
        encoding = "8bit"
    if max(map(len, raw.split(b"\r\n"))) > 900 and encoding in ("7bit", "8bit"):
        encoding = "quoted-printable"
    head = f'Content-Type: text/{kind}; charset="{label}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'.encode(
        "ascii"
    )
    return head + transfer(raw, encoding)


def transfer(raw: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(raw).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return raw


def file(named: tuple[str, bytes], style: str, codec: tuple[str, str]) -> bytes:
    name, content = named
    ascii_type = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n "
    return ascii_type + file_name(name, style, codec) + b"\r\n\r\n" + transfer(content, "base64")


def file_name(name: str, style: str, codec: tuple[str, str]) -> bytes:
    """`filename`, the way of writing chosen by `style`, by RFC 2231 where the way can't say it."""
    label, coding = codec if can(name, codec[1]) else ("utf-8", "utf-8")
    plain = name.replace("\\", "\\\\").replace('"', '\\"')
    if name.isascii() and style in ("ascii", "rfc2047", "raw", "rfc2231"):
        return f'filename="{plain}"'.encode("ascii")
    if style == "raw":
        return b'filename="' + plain.encode("utf-8") + b'"'
    if style == "rfc2047":
        return f'filename="=?{label}?B?{base64.b64encode(name.encode(coding)).decode("ascii")}?="'.encode(
            "ascii"
        )
    percent = quote(name.encode(coding), safe="")
    if style == "rfc2231-sections":
        return sections(percent, label)
    return f"filename*={label}''{percent}".encode("ascii")


def sections(percent: str, label: str) -> bytes:
    pieces = [percent[at : at + 45] for at in range(0, len(percent), 45)]
    lines = [
        f"filename*{number}*={label + chr(39) * 2 if number == 0 else ''}{piece}"
        for number, piece in enumerate(pieces)
    ]
    return ";\r\n ".join(lines).encode("ascii")


def joined(kind: str, parts: list[bytes], rng: random.Random) -> bytes:
    boundary = f"----=_Part_{rng.randrange(10**9)}".encode("ascii")
    head = b"Content-Type: multipart/" + kind.encode("ascii") + b';\r\n boundary="' + boundary + b'"\r\n\r\n'
    return (
        head
        + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
        + b"--"
        + boundary
        + b"--\r\n"
    )
