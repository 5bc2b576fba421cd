"""How well complaints are told from other letters: on messages the table was built on, and on as many held out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.complaint_words import Pack, anchors, laid_out
from policies.detect_complaint import LOOKED_AT, PACKS, score, shipped

HERE = Path(__file__).parent
CHINESE = range(0x4E00, 0x9FFF)


def labelled(name: str, language: str = "") -> Iterator[tuple[bool, str]]:
    """(is a complaint, text) of `labelled-<name>.txt`, in one language or in both."""
    for line in (HERE / f"labelled-{name}.txt").read_text(encoding="utf-8").splitlines():
        chinese = any(ord(sign) in CHINESE for sign in line)
        if line[:2] in ("+ ", "- ") and language in ("", "zh" if chinese else "en"):
            yield line[0] == "+", line[2:]


def recall_and_false_alarms(pack: Pack, name: str, language: str = "") -> tuple[float, float]:
    heard: dict[bool, list[bool]] = {True: [], False: []}
    for complaint, text in labelled(name, language):
        heard[complaint].append(score(pack, "", text).is_complaint)
    return sum(heard[True]) / len(heard[True]), sum(heard[False]) / len(heard[False])


def test_the_sets_are_broad_and_share_no_message() -> None:
    building, held_out = (
        {text: is_one for is_one, text in labelled(name)} for name in ("building", "held-out")
    )
    assert len(building) + len(held_out) >= 300
    assert not building.keys() & held_out.keys()
    for messages in (building, held_out):
        assert 0.4 <= sum(messages.values()) / len(messages) <= 0.5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_complaints_it_was_not_built_on_are_heard(language: str) -> None:
    recall, false_alarms = recall_and_false_alarms(shipped(), "held-out", language)
    assert recall >= 0.88
    assert false_alarms <= 0.05


def test_what_it_was_built_on_is_told_apart() -> None:
    assert recall_and_false_alarms(shipped(), "building") >= (0.97, 0.0)
    assert recall_and_false_alarms(shipped(), "building")[1] <= 0.03


def test_with_half_of_the_rules_the_floors_do_not_hold() -> None:
    """The negative control: the measure sees a table that got worse."""
    worse = replace(shipped(), rules=shipped().rules[::2])
    assert recall_and_false_alarms(worse, "held-out")[0] < 0.88


def test_without_what_speaks_against_one_there_are_false_alarms() -> None:
    never, speaking = re.compile("(?!)"), tuple(rule for rule in shipped().rules if rule.weight > 0)
    deaf = replace(shipped(), rules=speaking, ignore_en=never, ignore_zh=never)
    assert recall_and_false_alarms(deaf, "building")[1] > 0.05


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "still not ",
        "has not been ",
        "if the parcel is ",
        "x",
        "'",
        "-",
        "\n",
        "? ",
        "可以",
        "没有",
        "等了三",
        "我要的",
        "！",
        "如果",
        "不 not ",
    ],
)
def test_a_megabyte_is_read_no_further_than_its_beginning(piece: str) -> None:
    """Whatever stands in it: the work is bounded by what is looked at, and no phrase repeats without a bound."""
    text = piece * (1_000_000 // len(piece))
    assert score(shipped(), text, text) == score(shipped(), text[: 2 * LOOKED_AT], "")


def test_no_phrase_of_the_table_repeats_without_a_bound() -> None:
    table = tomllib.loads((PACKS / "detection-1.toml").read_text(encoding="utf-8"))
    rows = (*table["rule"], table["ignore"], table["asks"], table["asks"]["unless"])
    words = [word for row in rows for language in ("en", "zh") for word in row[language]]
    assert len(words) > 1000
    assert not [word for word in words if "*)" in word or "+)+" in word or ".*" in word or ".+" in word]


def test_looking_for_anchors_first_changes_no_verdict() -> None:
    """They only save time: every rule finds the same with each phrase tried on each text."""
    bare = tuple(
        replace(
            rule,
            en=replace(rule.en, shaped=tuple(replace(one, anchors=frozenset()) for one in rule.en.shaped)),
        )
        for rule in shipped().rules
    )
    slow = replace(shipped(), rules=bare)
    for name in ("building", "held-out"):
        for _, text in labelled(name):
            assert score(slow, "", text) == score(shipped(), "", text)


def test_an_anchor_is_a_word_that_every_text_of_the_phrase_holds() -> None:
    assert anchors("orders? (?:is|was) late") == {"late"}
    assert anchors("(?:no|not any) (?:reply|response)") == {"reply", "response"}
    assert anchors("charged (?:me )?twice") == {"charged"}
    assert anchors("five in the morning|midnight") == frozenset()
    assert anchors("over ?charged") == anchors("(?:is|are)? this?") == frozenset()


def test_a_question_tells_of_nothing_unless_it_is_a_reproach() -> None:
    for text in ("Hello. What happens if my parcel is damaged?", "请问运输中损坏了怎么办？"):
        assert not any(word in " ".join(laid_out(shipped(), text.casefold())) for word in ("damaged", "损坏"))
    assert "parcel" in laid_out(shipped(), "where is my parcel?")[0]
    assert "骗人" in laid_out(shipped(), "这不是骗人吗？")[1]
    assert "leaks" in laid_out(shipped(), "the kettle leaks, what can i do?")[0]
