"""The command line as a mail server and an operator meet it: what it prints, and the code it leaves with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.cli.records import told

Amends = Callable[..., "subprocess.CompletedProcess[bytes]"]

LETTER = (
    "From: Ana <{who}>\nTo: support@shop.example\nSubject: {subject}\nMessage-ID: <{name}@home.example>\n{more}"
    "Content-Type: text/plain; charset=utf-8\n\n{text}\n"
)


@pytest.fixture
def amends(tmp_path: Path) -> Amends:
    """One command in a folder and a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "XDG_"))}

    def run(*words: str, stdin: bytes = b"", reads: int = -1) -> subprocess.CompletedProcess[bytes]:
        """`reads`: so many bytes of what it prints, then nobody listens any more."""
        command = [sys.executable, "-c", "import sys; from hub.cli import main; sys.exit(main())", *words]
        root = str(Path(__file__).parents[2])
        with subprocess.Popen(
            command, cwd=tmp_path, env=clean | {"HOME": str(home), "PYTHONPATH": root},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            if reads < 0:
                output, errors = process.communicate(stdin, timeout=120)
            else:
                assert process.stdout and process.stderr
                output = process.stdout.read(reads)
                process.stdout.close()
                errors = process.stderr.read()
            code = process.wait(timeout=120)
        return subprocess.CompletedProcess(command, code, output, errors)

    return run


def a_letter(name: str, *, who: str = "ana@home.example", answers: str = "", text: str = "Hello.") -> bytes:
    more = f"In-Reply-To: <{answers}@home.example>\n" if answers else ""
    return LETTER.format(who=who, name=name, subject=f"About {name}", more=more, text=text).encode()


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_an_answer_lands_with_the_letter_before_it_even_where_the_account_is_new(
    amends: Amends, tmp_path: Path
) -> None:
    (tmp_path / "1.eml").write_bytes(a_letter("first", text="A long story. " * 100_000))
    (tmp_path / "2.eml").write_bytes(a_letter("second", answers="first"))
    done = amends("ingest", "1.eml", "2.eml", "--account", "never-heard-of", "--json")
    assert done.returncode == 0, done.stderr.decode()
    first, second = lines(done.stdout)
    assert first["conversation"] == second["conversation"]


def test_a_letter_that_can_not_be_opened_keeps_no_other_from_the_record(
    amends: Amends, tmp_path: Path
) -> None:
    (tmp_path / "1.eml").write_bytes(a_letter("one"))
    (tmp_path / "2.eml").write_bytes(a_letter("two"))
    done = amends("ingest", "1.eml", "missing.eml", "2.eml", "--account", "support")
    assert (done.returncode, done.stdout) == (75, b"2 recorded\n")
    assert b"missing.eml is not on record, try again" in done.stderr
    assert b"Traceback" not in done.stderr and b"never awaited" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("ingest", "-"),
        ("ingest", "-", "--acount", "support"),
        ("--config", "missing.toml", "ingest", "-", "--account", "support"),
        ("--log-level", "LOUD", "ingest", "-", "--account", "support"),
    ],
)
def test_a_mail_server_keeps_a_letter_that_a_wrong_command_line_did_not_take(
    amends: Amends, words: tuple[str, ...]
) -> None:
    done = amends(*words, stdin=a_letter("kept"))
    assert done.returncode == 75
    assert b"Traceback" not in done.stderr


def test_a_history_names_what_its_state_lacks_before_the_facts() -> None:
    lacking = {
        "position": 7,
        "name": "conversation.tagged.v1",
        "page": "inbox",
        "why": "ValueError at x.py:1",
    }
    answer = {"customer": "c", "as_of": "now", "facts": [], "state": {"not_taken_in": [lacking]}}
    assert [line.split() for line in told(answer)][1:] == [
        [
            "7",
            "conversation.tagged.v1",
            "could",
            "not",
            "be",
            "taken",
            "into",
            "the",
            "page",
            "inbox:",
            "ValueError",
            "at",
            "x.py:1",
        ]
    ]


def test_wrong_words_are_told_in_a_sentence(amends: Amends) -> None:
    for words in (("history", "nobody"), ("history", "nobody", "--as-of", "rubbish")):
        done = amends(*words)
        assert done.returncode == 1
        assert b"There is no customer nobody" in done.stderr
    for position in ("0", str(2**64)):
        assert f"no event at position {position}".encode() in amends("event", position).stderr
    nobody = "9bd407b1-4e84-4393-8a75-ee27f2628e2d"
    for words in (("erase", "--yes", "nobody"), ("erase", "--yes", nobody)):
        done = amends(*words)
        assert done.returncode == 1
        assert b"no such customer" in done.stderr or b"There is no customer nobody" in done.stderr
    assert amends("--log-level", "LOUD", "status").returncode == 2


def test_a_reader_who_has_enough_hears_no_complaint(amends: Amends, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(a_letter("long", text="All of it. " * 200_000))
    assert amends("ingest", "1.eml", "--account", "support").returncode == 0
    done = amends("export", "messages", "--jsonl", reads=10)
    assert (done.returncode, done.stderr) == (0, b"")
