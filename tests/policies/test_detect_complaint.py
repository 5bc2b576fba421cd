"""What is, and what is not, taken for a complaint; and that the table is readable data."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from hub.domain.complaint.commands import DetectComplaint, RegisterComplaint
from hub.domain.policy import Memory
from hub.domain.vocabulary import ERASED
from policies.detect_complaint import LOOKED_AT, policy, score, shipped
from tests.examples import M1, NOW, TALK, known_id, received

SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text(encoding="utf-8"))
MEMORY = Memory(derive=known_id)


@pytest.mark.parametrize("text", SENTENCES["complaints"])
def test_a_complaint_is_heard(text: str) -> None:
    assert score(shipped(), "", text).is_complaint


@pytest.mark.parametrize("text", SENTENCES["others"])
def test_anything_else_is_not_taken_for_one(text: str) -> None:
    found = score(shipped(), "", text)
    assert not found.is_complaint, found


def test_the_subject_speaks_too_unless_it_only_answers() -> None:
    assert score(shipped(), "Formal complaint", "See the attached picture.").is_complaint
    assert not score(
        shipped(), "Re: We have received your complaint – C-2026-00042", "Fine, see you then."
    ).is_complaint
    assert not score(shipped(), "回复：我们已收到您的投诉 – C-2026-00042", "好的，谢谢。").is_complaint


def test_the_reasons_are_the_names_of_rules_heaviest_first() -> None:
    found = score(shipped(), "", "I want to complain: it is broken. Refund me immediately!")
    assert found.reasons[0] == "says it is a complaint"
    assert set(found.reasons[1:]) == {"tells of something broken", "asks to be made whole", "demands"}
    assert found.score == 8.5
    assert found.rules == "detection-1"


def test_without_the_ignored_phrases_a_denial_would_be_a_complaint() -> None:
    """The negative control of the phrases that are taken out."""
    import re

    deaf = replace(shipped(), ignore_en=re.compile("(?!)"), ignore_zh=re.compile("(?!)"))
    assert score(deaf, "", "I have no complaint, I like the invoice.").is_complaint
    assert score(deaf, "", "我不是投诉，发票收到了。").is_complaint


def test_a_complaint_is_detected_and_registered_under_one_id() -> None:
    event = received(M1, new_text="I want to complain.", received_at=NOW - timedelta(days=2))
    found, number = policy().react(event, MEMORY, NOW)
    assert found == DetectComplaint(
        complaint=known_id("complaint"),  # type: ignore[arg-type]
        conversation=TALK,
        message=M1,
        rules="detection-1",
        score=3.0,
        reasons=("says it is a complaint",),
    )
    assert isinstance(number, RegisterComplaint)
    assert (number.complaint, number.number, number.only_detected) == (found.complaint, "", True)
    assert number.received_at == NOW - timedelta(days=2)


def test_a_machine_complains_of_nothing() -> None:
    assert (
        policy().react(
            received(automatic="Auto-Submitted: auto-replied", new_text="I complain."), MEMORY, NOW
        )
        == []
    )


def test_a_quoted_complaint_is_not_one_again() -> None:
    event = received(text="Thanks!\n> I want to complain", new_text="Thanks!")
    assert policy().react(event, MEMORY, NOW) == []


def test_what_was_erased_says_nothing() -> None:
    assert policy().react(received(subject=ERASED, new_text=ERASED), MEMORY, NOW) == []


def test_a_very_long_letter_is_read_from_its_beginning() -> None:
    assert score(shipped(), "", "I complain. " + "so it goes " * 100_000).is_complaint
    assert not score(shipped(), "", "so it goes " * (LOOKED_AT // 5) + " I complain.").is_complaint


@every(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gets_a_score(subject: str, text: str) -> None:
    found = score(shipped(), subject, text)
    assert found.is_complaint is (found.score >= shipped().threshold)


@every(st.text(alphabet="no t'complainbrken投诉坏!没不 ", max_size=300))
def test_adversarial_text_gets_a_score_at_once(text: str) -> None:
    score(shipped(), text, text * 10)


def test_an_id_is_a_uuid() -> None:
    assert isinstance(MEMORY.derive("complaint"), UUID)


def test_signs_and_quotes_around_a_word_do_not_hide_it() -> None:
    for text in (
        "(unacceptable)",
        "'unacceptable'!!",
        "unacceptable…",
        "simply “unacceptable”.",
        "UNACCEPTABLE",
    ):
        assert score(shipped(), "", text).is_complaint


def test_a_word_inside_another_is_not_heard() -> None:
    assert score(shipped(), "", "The plate was translated by Sue's coldstore.").score == 0


def test_the_table_names_each_rule_once_and_weighs_it() -> None:
    names = [rule.name for rule in shipped().rules]
    assert len(names) == len(set(names))
    assert all(rule.weight for rule in shipped().rules)
