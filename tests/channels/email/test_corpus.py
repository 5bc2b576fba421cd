"""Invented letters of twelve mail programs: every word, name and byte is found; wounded ones never do harm."""

from __future__ import annotations

import os
import random
from hashlib import sha256

from channels.email.read_mail import describe
from channels.email.reading import read_letter
from hub.domain.letters import Incoming, Unreadable
from tests.letters.corpus import Generated, cpython_letters, letters, mutate, squeezed

LONG = bool(os.environ.get("AMENDS_TEST_LONG"))


def agrees(letter: Generated, found: Incoming) -> bool:
    shape = str if letter.exact else squeezed
    return (
        found.subject == letter.subject
        and shape(found.text) == shape(letter.text)
        and shape(found.new_text) == shape(letter.new_text)
        and (found.sender.name, found.sender.address) == (letter.name, letter.customer)
        and tuple((each.filename, sha256(each.content).hexdigest()) for each in found.attachments)
        == letter.files
        and (found.native_id, found.references) == (letter.message_id, letter.references)
        and found.language == letter.language
        and not found.defects
    )


def test_every_body_name_and_byte_of_invented_letters_is_found() -> None:
    wrong = [
        each.message_id
        for each in letters(2_000 if LONG else 600, seed=11)
        if not agrees(each, read_letter(each.raw))
    ]
    assert wrong == []


def test_the_corpus_is_what_it_says_it_is() -> None:
    found = list(letters(600, seed=11))
    assert [each.raw for each in found] == [each.raw for each in letters(600, seed=11)]
    assert 240 < sum(bool(each.replies_to) for each in found) < 360
    assert 160 < sum(each.language == "zh" for each in found) < 280
    assert len({each.message_id for each in found}) == 600
    by_id = {each.message_id: each for each in found}
    assert all(by_id[each.replies_to].customer == each.customer for each in found if each.replies_to)
    assert all(by_id[each.replies_to].conversation == each.conversation for each in found if each.replies_to)


def test_a_wounded_letter_is_read_or_parked_and_nothing_else() -> None:
    rng = random.Random(5)
    originals = [each.raw for each in letters(120, seed=3)]
    for number in range(20_000 if LONG else 2_000):
        raw = mutate(originals[number % len(originals)], rng)
        try:
            assert isinstance(read_letter(raw), Incoming)
        except Unreadable as why:
            assert str(why)


def test_letters_that_cpython_tests_itself_with_are_read_or_parked() -> None:
    for name, raw in cpython_letters():
        found = describe(raw)
        assert found["parked"] is None or found["text"] == "", name
