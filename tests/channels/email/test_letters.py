"""Letters written by hand: what each says stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from channels.email.read_mail import describe

LETTERS = sorted((Path(__file__).parents[2] / "letters").glob("*.eml"))


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.stem)
def test_a_letter_is_read_as_its_writer_meant_it(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = describe(path.read_bytes())
    assert {key: found[key] for key in expected} == expected
    assert found["parked"] is None


def test_there_are_letters_to_read() -> None:
    assert len(LETTERS) >= 25
