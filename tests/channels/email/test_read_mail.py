"""`amends read-mail FILE…`: one line per file, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from channels.email.read_mail import describe, main

KEYS = [
    "message_id", "date", "from", "reply_to", "to", "cc", "subject", "text", "new_text", "html", "in_reply_to",
    "references", "attachments", "automatic", "bounce", "defects", "parked",
]  # fmt: skip
LETTER = "From: 王 <w@mail.example>\r\nSubject: 你好\r\n\r\nHi\r\n".encode()


def test_a_line_has_the_promised_names_in_their_order() -> None:
    assert list(describe(LETTER)) == KEYS
    assert list(describe(b"")) == KEYS


def test_each_file_has_its_line_in_order(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    files = [tmp_path / f"{number}.eml" for number in range(12)]
    for number, file in enumerate(files):
        file.write_bytes(LETTER.replace("你好".encode(), str(number).encode()) if number != 5 else b"\0\0\0")
    assert main([str(file) for file in files]) == 0
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [line["subject"] for line in lines] == ["" if number == 5 else str(number) for number in range(12)]
    assert lines[5]["parked"]
    assert lines[4]["parked"] is None
    assert lines[4] == describe(files[4].read_bytes())


def test_a_file_that_cannot_be_opened_is_told_in_one_line(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    good = tmp_path / "good.eml"
    good.write_bytes(LETTER)
    assert main([str(good), str(tmp_path / "none.eml"), str(tmp_path)]) == 2
    found = capfdbinary.readouterr()
    assert [json.loads(line)["subject"] for line in found.out.splitlines()] == ["你好"]
    assert len(found.err.splitlines()) == 1
    assert b"none.eml" in found.err
