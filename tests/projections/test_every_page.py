"""What holds for every projection: the same rows however the events come, and nothing left of who was erased."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from projections.book import Book
from projections.file import open_book, open_reader
from projections.pages import PAGES
from projections.projection import Projection
from tests.projections.histories import CANARY, after_erasure, history
from tests.projections.places import InFile, Place, poison_of, rows_of

SEEDS = range(60 if os.environ.get("AMENDS_TEST_LONG") else 3)
Rows = dict[str, list[Any]]


@pytest.fixture
def new_book(make_place: Callable[[], Place]) -> Iterator[Any]:
    books: list[Book[Any]] = []

    def make(pages: Any = PAGES) -> Book[Any]:
        books.append(make_place().book(pages))
        return books[-1]

    yield make
    for book in books:
        book.close()


def rows(book: Book[Any]) -> Rows:
    assert poison_of(book) == []
    return {table.name: rows_of(book, table) for page in book.pages for table in page.tables}


def fed(book: Book[Any], facts: list[Any], most: int, seed: int = 0) -> Rows:
    """Rows after feeding in pages of random sizes up to `most`."""
    random, start = Random(seed), 0
    while start < len(facts):
        end = start + random.randint(1, most)
        book.apply(facts[start:end])
        start = end
    return rows(book)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_do_not_depend_on_where_pages_end(seed: int, new_book: Any) -> None:
    facts = history(seed, 250)
    whole = fed(new_book(), facts, len(facts))
    assert fed(new_book(), facts, 1) == whole
    assert fed(new_book(), facts, 37, seed) == whole


def test_the_histories_leave_rows_in_every_table(new_book: Any) -> None:
    filled: dict[str, int] = {}
    for seed in SEEDS:
        for name, found in fed(new_book(), history(seed), 100).items():
            filled[name] = filled.get(name, 0) + len(found)
    assert [name for name, count in filled.items() if not count] == []


def test_what_was_seen_changes_nothing(new_book: Any) -> None:
    facts, book = history(3), new_book()
    once = fed(book, facts, 50)
    assert fed(book, facts, 70) == once


@pytest.mark.parametrize("seed", SEEDS)
def test_record_rule_20_live_then_erased_is_rebuilt_after_erasure(seed: int, new_book: Any) -> None:
    facts = history(seed)
    assert fed(new_book(), facts, 30, seed) == fed(new_book(), after_erasure(facts), 300, seed)


@pytest.mark.parametrize("projection", PAGES, ids=lambda each: each.name)
def test_each_page_needs_no_other(projection: Projection, new_book: Any) -> None:
    facts = history(1)
    alone, together = fed(new_book((projection,)), facts, 40), fed(new_book(), facts, 40)
    assert alone == {name: together[name] for name in alone}


def canaries(book: Book[Any]) -> list[str]:
    return [name for name, found in rows(book).items() if CANARY in repr(found)]


def test_nothing_is_left_of_who_was_erased(new_book: Any) -> None:
    """All customers are erased at the end; the history is one in which every table held a canary's words."""
    from tests.projections.histories import Tale, p

    tale, book = Tale(5), new_book()
    facts = list(tale.tell(400))
    fed(book, facts, 100)
    assert len(canaries(book)) >= 6
    for customer in sorted(tale.opened - tale.erased):
        tale.fact(customer, p.CustomerErased(reason="asked"))
    fed(book, tale.facts, 100)
    assert canaries(book) == []


def test_a_page_that_forgets_nothing_is_found_out(new_book: Any) -> None:
    """Negative control: with `forget` off, live rows differ from rebuilt ones."""
    from dataclasses import replace

    careless = [replace(page, forget=lambda customer: iter(())) for page in PAGES]
    facts = next(facts for facts in map(history, SEEDS) if any("erased" in one.name for one in facts))
    assert fed(new_book(careless), facts, 30) != fed(new_book(careless), after_erasure(facts), 30)


def test_record_rule_1_the_views_file_has_one_writer_and_readers_that_only_read(tmp_path: Path) -> None:
    book = open_book(tmp_path / "views.db", PAGES, "x")
    asked = {
        name: book.store.connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 1, "secure_delete": 1}
    readers = open_reader(tmp_path / "views.db")
    with readers.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM inbox")
    readers.dispose()
    book.close()


def test_record_rule_3_rows_and_position_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    """A disk that fills up in the middle of a page is nobody's poison: nothing of the page stays, and it is taken later."""
    facts, book = history(2, 300), InFile(tmp_path / "views.db").book(PAGES)
    fed(book, facts[:100], 100)
    before, pages = rows(book), book.store.connection.execute("PRAGMA page_count").fetchone()[0]
    book.store.connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        book.apply(facts[100:])
    assert (rows(book), book.position) == (before, 100)
    assert set(book.positions.values()) == {100}
    book.store.connection.execute("PRAGMA max_page_count = 1000000")
    assert fed(book, facts, 300) == fed(InFile(tmp_path / "other.db").book(PAGES), facts, 300)
