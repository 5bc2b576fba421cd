"""Search: both scripts, any form, the right conversation first, the words marked in the text as it was written."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from hub.domain.complaint.events import ComplaintRegistered
from hub.domain.conversation import events as c
from hub.domain.customer.events import CustomerErased, IdentityClaimed
from projections import customers, terms
from projections.book import Book
from projections.pages import PAGES
from projections.scrub import scrub, truncated
from projections.search import OF_EACH, search
from tests.projections.histories import START, Tale
from tests.projections.places import InFile, Place


class Desk:
    """A small record that a test writes line by line, and a search over it."""

    def __init__(self, place: Place) -> None:
        self.tale = Tale(1, customers=3)
        self.book: Book[Any] = place.book(PAGES)
        self.readers = place.readers()
        for _ in range(40):
            self.tale.open_customer()

    def wrote(self, customer: int, subject: str, text: str, at: int | None = None) -> str:
        """A new conversation with one note; its id."""
        who, conversation = self.tale.customers[customer], self.tale.uuid()
        opened = c.ConversationOpened(
            conversation=conversation, account=self.tale.accounts[0], channel="email", subject=subject
        )
        self.tale.fact(who, opened)
        self.tale.fact(who, c.NoteAdded(note=self.tale.uuid(), conversation=conversation, text=text))
        return str(conversation)

    def find(self, question: str) -> list[str]:
        return [hit["row"]["conversation"] for hit in self.hits(question)]

    def hits(self, question: str) -> list[dict[str, Any]]:
        self.book.apply(self.tale.facts)
        with self.readers.connect() as connection:
            return search(connection, question, START + timedelta(days=1))


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    desk = Desk(place)
    yield desk
    desk.readers.dispose()
    desk.book.close()


def test_chinese_and_english_words_are_found(desk: Desk) -> None:
    one = desk.wrote(0, "我的订单号", "请问我的订单什么时候发货？")
    two = desk.wrote(1, "Refund", "I want my REFUND now, café style")
    assert desk.find("订单") == [one]
    assert desk.find("单") == [one]
    assert desk.find("发货") == [one]
    assert desk.find("refund") == [two]
    assert desk.find("refu") == [two]
    assert desk.find("cafe") == [two]
    assert desk.find("ｒｅｆｕｎｄ") == [two]
    assert desk.find("单订") == []
    assert desk.find("") == desk.find('"*()') == []


def test_all_words_of_a_question_must_be_there(desk: Desk) -> None:
    both = desk.wrote(0, "a", "refund for 订单 please")
    desk.wrote(1, "b", "refund only")
    assert desk.find("订单 refund") == [both]


def test_a_title_weighs_more_than_a_passing_word(desk: Desk) -> None:
    passing = desk.wrote(0, "hello", "about the invoice " + "and other things " * 9)
    title = desk.wrote(1, "invoice", "see above")
    assert desk.find("invoice") == [title, passing]


def test_a_tag_a_number_and_a_name_find_their_conversations(desk: Desk) -> None:
    one, two = desk.wrote(0, "one", "x"), desk.wrote(1, "two", "y")
    desk.tale.fact(desk.tale.customers[0], c.ConversationTagged(conversation=UUID(one), tag="Wholesale"))
    registered = ComplaintRegistered(
        complaint=desk.tale.uuid(),
        conversation=UUID(two),
        message=desk.tale.uuid(),
        number="C-2026-00042",
        received_at=START,
    )
    desk.tale.fact(desk.tale.customers[1], registered)
    assert desk.find("wholesale") == [one] == desk.find("#wholesale")
    assert desk.find("c-2026-00042") == [two] == desk.find("00042")
    assert two in desk.find(f"金丝雀 {desk.tale.customers[1].hex[:4]}")


def test_a_domain_of_all_customers_takes_no_more_statements_than_the_address_of_one(desk: Desk) -> None:
    desk.tale.customers = [desk.tale.uuid() for _ in range(60)]
    for number, customer in enumerate(desk.tale.customers):
        claim = IdentityClaimed(channel="email", address=f"c{number}@common.test", evidence="header")
        desk.tale.fact(customer, claim)
    newest = [desk.wrote(0, "of the first", "x") for _ in range(OF_EACH + 1)][1:]
    others = [desk.wrote(customer, "of another", "x") for customer in range(1, 60)]
    with statements(desk.readers) as for_one:
        assert set(desk.find("c0@common.test")) == set(newest)
    with statements(desk.readers) as for_everyone:
        assert len(desk.find("common.test")) == 50
    assert len(for_everyone) == len(for_one)
    with desk.readers.connect() as connection:
        found = search(connection, "common.test", START + timedelta(days=1), limit=1_000)
    assert sorted(hit["row"]["conversation"] for hit in found) == sorted([*newest, *others])


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the database is asked."""
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_nul_in_a_question_is_passed_over(desk: Desk) -> None:
    """PostgreSQL takes none."""
    wrote = desk.wrote(0, "Lamp", "broken")
    assert desk.find("la\0mp") == [wrote]
    with desk.readers.connect() as connection:
        assert customers.find(connection, "no\0body") == []


def test_the_words_are_marked_in_the_text_as_written(desk: Desk) -> None:
    desk.wrote(0, "x", "Before. " * 40 + "我的ＯＲＤＥＲ订单没有到, order!")
    (hit,) = desk.hits("order 订单")
    assert [hit["excerpt"][start:end] for start, end in hit["marks"]] == ["ＯＲＤＥＲ订单", "order"]


def test_record_rule_21_erased_words_are_found_no_more_and_leave_the_index(
    tmp_path: Path,
) -> None:
    desk = Desk(InFile(tmp_path / "views.db"))
    desk.wrote(0, "plain", "the xylophonist 鼹鼠 wrote")
    assert desk.find("xylophonist") and desk.find("鼹鼠")
    desk.tale.fact(desk.tale.customers[0], CustomerErased(reason="asked"))
    assert not desk.find("xylophonist") and not desk.find("鼹鼠")
    assert truncated(desk.book.store.connection)
    assert holds(tmp_path, "xylophonist"), "negative control: without merging, the index keeps the word"
    scrub(desk.book.store.connection)
    assert not holds(tmp_path, "xylophonist") and not holds(tmp_path, "鼹鼠")
    desk.readers.dispose()
    desk.book.close()


def holds(folder: Path, word: str) -> bool:
    return any(word.encode() in file.read_bytes() for file in folder.iterdir())


LETTERS = st.text(alphabet="订单退款号ab Cé１2Ⅷß\n ,。😀", max_size=40)


@given(LETTERS, st.integers(0, 40), st.integers(1, 4))
def test_every_piece_of_a_chinese_run_is_asked_for_and_marked(text: str, start: int, length: int) -> None:
    piece = text[start : start + length]
    if piece and all(character in "订单退款号" for character in piece):
        assert any(text[a:b].find(piece) >= 0 for a, b in terms.marks(text, piece))
        pairs = [piece[at : at + 2] for at in range(len(piece) - 1)] or [piece]
        assert all(any(term.startswith(pair) for term in terms.indexed(text).split()) for pair in pairs)


@given(LETTERS, LETTERS)
def test_marks_lie_within_the_text_in_order(text: str, question: str) -> None:
    spans = [(0, 0), *terms.marks(text, question)]
    assert all(0 <= first[1] <= then[0] < then[1] <= len(text) for first, then in itertools.pairwise(spans))
    line, spans = terms.excerpt(text, question)
    assert all(0 <= start < end <= len(line) for start, end in spans)
