"""Letters made to keep a reader busy for minutes are read, or parked, within the limits of one letter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from channels.email.workers import LetterReaders
from hub.domain.letters import Incoming, Unreadable

HEAD = b"From: a@mail.example\r\nTo: care@shop.example\r\nMessage-ID: <x@mail.example>\r\n"
PAGE = HEAD + b"Content-Type: text/html\r\n\r\n"


def nested(depth: int) -> bytes:
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for level in range(depth):
        raw += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
    return raw + b"--b%d\r\n\r\nx\r\n" % depth


BOMBS: dict[str, Callable[[], bytes]] = {
    "a subject of a megabyte": lambda: HEAD + b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\nhi",
    "80,000 encoded words": lambda: HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 80_000 + b"\r\n\r\nhi",
    "80,000 encoded words without an end": lambda: (
        HEAD + b"Subject: " + b"=?utf-8?q?a " * 80_000 + b"\r\n\r\nhi"
    ),
    "16,000 addresses": lambda: (
        b"From: a@b.example\r\nTo: "
        + b", ".join(b"n%d <a%d@example.org>" % (n, n) for n in range(16_000))
        + b"\r\n\r\nx"
    ),
    "100,000 empty parts": lambda: (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 100_000 + b"--b--\r\n"
    ),
    "5,000 sections of RFC 2231": lambda: (
        HEAD
        + b"Content-Type: application/x; "
        + b"; ".join(b"name*%d*=%%41" % n for n in range(5_000))
        + b"\r\n\r\nx"
    ),
    "100,000 fields": lambda: HEAD + b"X-A: b\r\n" * 100_000 + b"\r\nx",
    "stray lines in the head": lambda: HEAD + b"stray line\r\nSubject: x\r\n" * 50_000 + b"\r\nx",
    "multiparts nested 1,000 deep": lambda: nested(1_000),
    "letters nested 1,000 deep": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1_000,
    "1,000 nested comments": lambda: b"From: a@b.example " + b"(" * 1_000 + b")" * 1_000 + b"\r\n\r\nx",
    "100,000 open comments": lambda: b"From: " + b"(" * 100_000 + b"a@b.example\r\n\r\nx",
    "200,000 nested elements": lambda: PAGE + b"<div>" * 200_000 + b"x",
    "20,000 nested tables": lambda: PAGE + b"<table><tr><td>" * 20_000 + b"x",
    "a page of angles": lambda: PAGE + b"<" * 1_000_000,
    "a page of open comments": lambda: PAGE + b"<!--" * 300_000,
    "a page of blanks": lambda: PAGE + b"<pre>" + b" " * 1_500_000 + b"x</pre>",
    "a table of 50,000 rows": lambda: (
        PAGE + b"<table>" + b"<tr><td>a</td><td>b</td></tr>" * 50_000 + b"</table>"
    ),
    "100,000 attributions": lambda: HEAD + b"\r\n" + b"On 2026-01-01 10:00 a@b.example wrote:\r\n" * 100_000,
    "one line of blanks": lambda: HEAD + b"\r\nOn wrote" + b" " * 1_000_000 + b"x",
    "2 MB of paddings": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=A" * 1_000_000,
    "every high byte": lambda: HEAD + b"\r\n" + bytes(range(128, 256)) * 20_000,
    "half delimiters": lambda: (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx" * 500_000
    ),
    "200,000 references": lambda: HEAD + b"References: " + b"<a@b.example> " * 200_000 + b"\r\n\r\nx",
    "a million angles as references": lambda: HEAD + b"References: " + b"<" * 1_000_000 + b"\r\n\r\nx",
    "200,000 flowing lines": lambda: (
        HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"x \r\n" * 200_000
    ),
    "carriage returns alone": lambda: b"From: a@b.example\r\r" + b"\r" * 1_000_000,
    "folds without an end": lambda: b"a:b\n " * 300_000,
}


async def test_bombs_are_read_or_parked_and_the_next_letter_is_read() -> None:
    """The worker's five seconds of CPU are the judge: past them it would be killed, and the letter parked."""
    parked: dict[str, str] = {}
    async with LetterReaders(count=2, deadline=45) as readers:
        for name, bomb in BOMBS.items():
            try:
                assert isinstance(await readers.read(bomb()), Incoming)
            except Unreadable as why:
                parked[name] = str(why)
        found = await asyncio.gather(*(readers.read(HEAD + b"\r\nHello") for _ in range(4)))
    assert [each.text for each in found] == ["Hello"] * 4
    assert parked == {}


async def test_negative_control_a_quadratic_reader_is_stopped_by_the_same_limits() -> None:
    reader = "tests.channels.email.readers_at_fault:read_by_the_standard_library"
    async with LetterReaders(count=1, cpu_seconds=1, deadline=45, reader=reader) as readers:
        with pytest.raises(Unreadable, match="CPU"):
            await readers.read(BOMBS["16,000 addresses"]())
