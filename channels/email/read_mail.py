"""`amends read-mail FILE…`: what the hub reads in a letter, one JSON line per file."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypedDict

from channels.email.reading import read_letter
from channels.email.workers import LetterReaders
from hub.domain.letters import Address, Attachment, Incoming, Unreadable

TOGETHER = 8
"""Files held in memory at a time."""


class Named(TypedDict):
    name: str
    address: str


class FileLine(TypedDict):
    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool


Line = dict[str, object]


def describe(raw: bytes) -> Line:
    """The line for one letter; an unreadable one has empty fields and `parked` says why."""
    try:
        return line(read_letter(raw))
    except Unreadable as why:
        return parked(str(why))


def line(letter: Incoming) -> Line:
    """What was read, in the names and order that the reference promises."""
    bounce = letter.bounce
    return {
        "message_id": letter.native_id,
        "date": letter.written_at.isoformat() if letter.written_at else None,
        "from": named(letter.sender),
        "reply_to": named(letter.reply_to) if letter.reply_to else None,
        "to": [named(each) for each in letter.to],
        "cc": [named(each) for each in letter.cc],
        "subject": letter.subject,
        "text": letter.text,
        "new_text": letter.new_text,
        "html": bool(letter.html),
        "in_reply_to": list(letter.in_reply_to),
        "references": list(letter.references),
        "attachments": [file_line(each) for each in letter.attachments],
        "automatic": {"is": letter.automatic.is_automatic, "why": letter.automatic.why},
        "bounce": {
            "is": bounce is not None,
            "permanent": bounce.permanent if bounce else False,
            "recipients": list(bounce.recipients) if bounce else [],
        },
        "defects": list(letter.defects),
        "parked": None,
    }


def parked(why: str) -> Line:
    return line(Incoming(channel="email", sender=Address(address=""))) | {"parked": why or "unreadable"}


def named(address: Address) -> Named:
    return {"name": address.name, "address": address.address}


def file_line(attachment: Attachment) -> FileLine:
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": len(attachment.content),
        "sha256": sha256(attachment.content).hexdigest(),
        "inline": attachment.inline,
    }


def main(files: Sequence[str]) -> int:
    """Print one line per file, in their order; `-` is standard input.

    Gives 0, also for letters that can't be read; 2, with one line on standard error, when a file can't be opened.
    """
    return asyncio.run(printed(files))


async def printed(files: Sequence[str]) -> int:
    closed: list[str] = []
    async with LetterReaders(count=min(2, max(1, len(files)))) as readers:
        async for found in lines(files, readers, closed):
            sys.stdout.buffer.write(json.dumps(found, ensure_ascii=False).encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()
    if closed:
        sys.stderr.write(f"amends read-mail: {'; '.join(closed)}\n")
    return 2 if closed else 0


async def lines(files: Sequence[str], readers: LetterReaders, closed: list[str]) -> AsyncIterator[Line]:
    """Lines in the order of the files; names of files that can't be opened go to `closed`."""
    left = iter(files)
    while some := list(islice(left, TOGETHER)):
        for task in [asyncio.ensure_future(one(each, readers, closed)) for each in some]:
            if (found := await task) is not None:
                yield found


async def one(file: str, readers: LetterReaders, closed: list[str]) -> Line | None:
    try:
        raw = await asyncio.to_thread(opened, file)
    except OSError as error:
        closed.append(f"cannot open {file}: {error.strerror or error}")
        return None
    try:
        return line(await readers.read(raw))
    except Unreadable as why:
        return parked(str(why))


def opened(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
