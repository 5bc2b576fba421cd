"""Every no has a sentence in both languages."""

import ast
from pathlib import Path

import pytest

import hub.domain.customer.events  # noqa: F401 - refusals may be declared beside it
from hub.domain.errors import Refusal
from hub.web import problems
from hub.web.variables import rendered
from hub.web.words import REFUSALS_IN_CHINESE, SENTENCES, language_of, refusal_sentence

WEB = Path(problems.__file__).parent


def refusals() -> list[type[Refusal]]:
    return Refusal.__subclasses__()


@pytest.mark.parametrize("refusal", refusals(), ids=lambda refusal: refusal.__name__)
def test_every_refusal_has_a_chinese_sentence(refusal: type[Refusal]) -> None:
    assert refusal().code in REFUSALS_IN_CHINESE
    chinese = refusal_sentence(refusal(), "zh")
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese)
    assert refusal_sentence(refusal(), "en") == refusal().sentence


def codes_in(module: Path) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    named = [
        call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Stop", "problem")
    ]
    arguments = [argument for call in named for argument in call.args]
    return {
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_problem_code_has_both_sentences() -> None:
    used = set(problems.BY_STATUS.values()).union(*(codes_in(module) for module in WEB.glob("*.py")))
    assert used <= SENTENCES.keys()
    assert used >= {"csrf", "unexpected", "wrong-password"}


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB,zh", "en"), ("de,zh-TW", "zh"), ("", "en"), ("fr", "en")],
)
def test_the_language_asked_for_first_is_spoken(asked: str, spoken: str) -> None:
    assert language_of({"accept-language": asked}) == spoken


def test_a_saved_reply_fills_in_what_is_known_once() -> None:
    text = "Dear {customer.name}, your number is {complaint.number}. {agent.name}"
    known = {"customer.name": "{agent.name}", "complaint.number": "C-2026-00042"}
    assert rendered(text, known) == "Dear {agent.name}, your number is C-2026-00042. {agent.name}"
