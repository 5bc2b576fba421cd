"""Two deliveries of one letter have the same letter bytes, two letters never."""

from __future__ import annotations

import random

import pytest

from channels.email.fingerprint import letter_bytes
from tests.letters.corpus import letters, mutate

LETTER = b"From: a@b.example\r\nSubject: one\r\n two\r\nDKIM-Signature: v=1;\r\n b=abc\r\nMessage-ID: <1@b>\r\n\r\nReceived: in the body stays\r\n"
TRACES = (
    b"Return-Path: <a@b.example>\r\n",
    b"Delivered-To: care@shop.example\r\n",
    b"X-Original-To: sales@shop.example\r\n",
    b"Received: from a by b\r\n\tid 12;\r\n Mon, 2 Mar 2026\r\n",
    b"received : from c by d\r\n",
    b"Authentication-Results: mx; dmarc=pass\r\n",
    b"ARC-Seal: i=1; a=x\r\n",
    b"ARC-Authentication-Results: i=1; mx\r\n",
    b"Received-SPF: pass\r\n",
    b"X-Spam-Score: 3\r\n",
    b"X-Virus-Scanned: yes\r\n",
    b"X-Shop-MailScanner-SpamCheck: not spam\r\n",
    b"X-MS-Exchange-Organization-SCL: 1\r\n",
    b"Status: RO\r\n",
)
WORDS = (
    b"Subject: other\r\n",
    b"To: x@y.example\r\n",
    b"X-Mailer: y\r\n",
    b"DKIM-Signature: z\r\n",
    b"In-Reply-To: <q@r>\r\n",
    b"Not a field at all\r\n",
)


@pytest.mark.parametrize("trace", TRACES)
def test_traces_of_the_way_do_not_count(trace: bytes) -> None:
    assert letter_bytes(trace + LETTER) == LETTER
    assert letter_bytes(LETTER.replace(b"Message-ID", trace + b"Message-ID")) == LETTER


@pytest.mark.parametrize("field", WORDS)
def test_what_the_writer_wrote_counts(field: bytes) -> None:
    assert letter_bytes(field + LETTER) == field + LETTER


def test_two_ways_of_one_letter_are_one() -> None:
    assert letter_bytes(b"".join(TRACES[:4]) + LETTER) == letter_bytes(b"".join(TRACES[3:]) + LETTER)


def test_the_mailbox_line_does_not_count() -> None:
    assert letter_bytes(b"From a@b.example Mon Mar  2 10:00:00 2026\r\n" + LETTER) == LETTER


def test_line_ends_are_left_as_they_came() -> None:
    bare = LETTER.replace(b"\r\n", b"\n")
    assert letter_bytes(bare) == bare
    assert letter_bytes(b"Received: x\n y\n" + bare) == bare


def test_the_body_is_never_touched() -> None:
    for each in letters(40, seed=2):
        head, line, body = each.raw.partition(b"\r\n\r\n")
        found = letter_bytes(each.raw)
        assert found.endswith(line + body)
        assert b"Received:" in head
        assert b"Received:" not in found.partition(b"\r\n\r\n")[0]


def test_no_bytes_are_too_broken() -> None:
    rng = random.Random(8)
    originals = [each.raw for each in letters(30, seed=2)]
    for number in range(500):
        raw = mutate(originals[number % 30], rng)
        assert letter_bytes(letter_bytes(raw)) == letter_bytes(raw)
    assert letter_bytes(b"") == b""
