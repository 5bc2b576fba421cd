"""The documentation keeps step with the code: nothing undocumented, no page out of date, no dead link, no command that does not exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

import dev
from hub.cli.parser import parser
from infra.settings.model import Bot, Form, Mailbox, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`((?:amends|python3 dev\.py) [^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SHELL_ENDS = {"|", "<", ">", ">>", "&&", ";", "&", "2>&1", "…"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()


# ---- nothing undocumented


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_page_made_from_the_code_is_up_to_date(name):
    assert (DOCS / name).read_text("utf-8") == generate.PAGES[name](), "run: python docs/generate.py"


def test_every_event_says_what_it_is():
    assert generate.undocumented_events() == []


def test_every_event_stands_on_the_page_of_events():
    text = (DOCS / "reference/events.md").read_text("utf-8")
    assert [name for name in generate.REGISTRY if f"### {name}\n" not in text] == []


def test_every_refusal_has_a_sentence_in_both_languages():
    assert generate.undocumented_refusals() == []


@pytest.mark.parametrize("table", [Settings, Bot, Mailbox, Form])
def test_every_setting_says_what_it_does(table):
    inner = {"bot", "mailboxes", "forms"}
    silent = [field.name for field in fields(table) if not field.metadata.get("says")]
    assert set(silent) - inner == set()


def test_every_command_and_option_says_what_it_does():
    silent = [
        f"amends {words} {action.dest}"
        for words, says, command in generate.leaves(parser())
        for action in generate._shown(command)
        if not (says and action.help)
    ]
    assert silent == []


# ---- no dead link, no lost page


def links(path: Path) -> Iterator[str]:
    text = FENCE.sub("", path.read_text("utf-8"))
    yield from (link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link))


def anchors(path: Path) -> set[str]:
    """The names of a page's headings, as forges make them: small letters, signs left out, spaces as hyphens."""
    text = FENCE.sub("", path.read_text("utf-8"))
    heads = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def is_dead(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    return not target.exists() or bool(
        anchor and target.suffix == ".md" and anchor.lower() not in anchors(target)
    )


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_link_is_dead(path):
    assert [link for link in links(path) if is_dead(path, link)] == []


def test_a_dead_link_would_be_found():
    page = DOCS / "README.md"
    assert is_dead(page, "no-such-page.md")
    assert is_dead(page, "record.md#no-such-heading")
    assert not is_dead(page, "record.md#sending")


def test_every_page_can_be_reached_from_the_readme():
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        waiting += [
            (page.parent / link.partition("#")[0]).resolve() for link in links(page) if link[0] != "#"
        ]
    assert [named(page) for page in PAGES if page not in seen] == []


# ---- every command that is shown exists


def shown_commands(path: Path) -> Iterator[str]:
    """Whole command lines of a page's code blocks; a line that ends in a backslash goes on."""
    for kind, block in FENCE.findall(path.read_text("utf-8")):
        if kind in ("", "sh", "bash", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                yield from commands_in(line.strip().removeprefix("$ "))


def commands_in(line: str) -> Iterator[str]:
    if line.startswith(("amends ", "python3 dev.py ")):
        yield line


def words_of(line: str) -> list[str]:
    """What the program is given: quotes undone, comments and what the shell does with it left out."""
    words = shlex.split(line, comments=True)
    end = next((index for index, word in enumerate(words) if word in SHELL_ENDS), len(words))
    return words[:end]


def is_understood(line: str) -> bool:
    words = words_of(line)
    if words[0] == "amends":
        return accepts(parser(), words[1:])
    rest = words[2:]
    if rest[0] == "exec":
        return rest[1] != "amends" or accepts(parser(), rest[2:])
    if rest[0] in ("demo", "bench"):
        return accepts(parser(), rest)
    return accepts(dev.parser(), rest)


def accepts(understands: ArgumentParser, words: list[str]) -> bool:
    try:
        understands.parse_args(words)
    except SystemExit as told:
        return told.code == 0
    return True


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_command_in_a_code_block_is_understood(path):
    assert [line for line in shown_commands(path) if not is_understood(line)] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_command_in_a_sentence_names_a_verb_and_options_that_exist(path):
    told = INLINE.findall(FENCE.sub("", path.read_text("utf-8")))
    assert [line for line in told if not names_what_exists(words_of(line))] == []


def names_what_exists(words: list[str]) -> bool:
    """A command in a sentence may leave out what it needs; what it says must be there."""
    if words[0] != "amends":
        words = words[3:] if words[2:3] == ["exec"] else ["amends", *words[2:]]
        if words[0] != "amends" or words[1] in dev_verbs():
            return True
    known = {said for said, _, _ in generate.leaves(parser())}
    said = [word for word in words[1:] if word != "…"]
    options = {word.partition("=")[0] for word in said if word.startswith("--")}
    root = {option for action in parser()._actions for option in action.option_strings}
    if set(said) <= root:
        return True
    while said and said[0] in root:
        said = said[2:] if said[0] in ("--config", "--log-level") else said[1:]
    return any(
        options <= root | options_of(verb)
        for verb in known
        if said[: len(verb.split())] == verb.split() or verb.split()[: len(said)] == said
    )


def dev_verbs() -> set[str]:
    return set(dev.HANDED_ON) | {"test", "check", "fix"}


def options_of(words: str) -> set[str]:
    command = next(command for said, _, command in generate.leaves(parser()) if said == words)
    return {option for action in command._actions for option in action.option_strings}


@pytest.mark.parametrize(
    "line",
    [
        "amends listen",
        "amends serve --twice",
        "amends ingest letter.eml",
        "amends keys turn",
        "python3 dev.py dance",
        "python3 dev.py exec amends listen",
        "python3 dev.py demo --loudly",
    ],
)
def test_a_command_that_does_not_exist_would_be_found(line):
    assert not is_understood(line)


@pytest.mark.parametrize("line", ["amends listen", "amends serve --twice", "amends keys turn"])
def test_a_sentence_with_an_unknown_verb_or_option_would_be_found(line):
    assert not names_what_exists(words_of(line))


def test_a_command_may_be_piped_and_go_on_in_the_next_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\namends ingest - \\\n  --account support < letter.eml  # one letter\n```\n")
    assert [is_understood(line) for line in shown_commands(page)] == [True]
