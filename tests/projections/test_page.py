"""Folding: however the notes are cut into pages, the rows are what each note in turn would have made."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select

from projections import page as folding
from projections.dialect import SQLiteCursor
from projections.page import Fill, Old, Page, Plus

table = Table(
    "things",
    MetaData(),
    Column("key", String, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("name", String),
    Column("before", String),
    Column("count", Integer, server_default="0"),
)

KEPT = Old(table.c.name)
RESTORED = Old(func.coalesce(table.c.before, table.c.name))

texts = st.one_of(st.none(), st.sampled_from("abc"))
names = st.one_of(texts, st.builds(Fill, texts))
counts = st.one_of(st.integers(0, 3), st.builds(Plus, st.integers(-2, 2)))
plain_rows = st.fixed_dictionaries({}, optional={"name": names, "before": names, "count": counts})
added_rows = st.fixed_dictionaries({}, optional={"name": texts, "before": texts, "count": st.integers(0, 3)})
olds = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(names, st.just(RESTORED)),
        "before": st.one_of(names, st.just(KEPT)),
        "count": counts,
    },
).filter(bool)
keys = st.tuples(st.sampled_from("xy"), st.integers(0, 1))
notes = st.one_of(
    st.tuples(st.just("upsert"), keys, plain_rows),
    st.tuples(st.just("add"), keys, added_rows),
    st.tuples(st.just("update"), keys, olds),
    st.tuples(st.just("delete"), keys, st.none()),
)


def rows(told: Sequence[Any], size: int) -> list[Any]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    cursor = SQLiteCursor(connection.cursor())
    cursor.create(table)
    for start in range(0, len(told), size):
        page = Page()
        for kind, key, values in told[start : start + size]:
            page.delete(table, key) if kind == "delete" else getattr(page, kind)(table, key, values)
        page.write(cursor)
    found = sorted(cursor.run(select(table)))
    connection.close()
    return found


@given(st.lists(notes, max_size=14), st.integers(2, 14))
def test_rows_do_not_depend_on_where_pages_end(told: Sequence[Any], size: int) -> None:
    assert rows(told, size) == rows(told, 1)


TOLD = [
    ("upsert", ("x", 0), {"name": "a", "count": 1}),
    ("update", ("x", 0), {"before": KEPT}),
    ("update", ("x", 0), {"name": None, "count": Plus(2)}),
    ("update", ("x", 0), {"name": RESTORED}),
]


def test_an_expression_sees_the_row_as_it_stood() -> None:
    assert rows(TOLD, 4) == [("x", 0, "a", "a", 3)]


def test_folding_everything_into_one_statement_is_found_out(monkeypatch: Any) -> None:
    """Negative control."""
    monkeypatch.setattr(folding, "merged", lambda into, values: {**into, **values})
    told = [("upsert", ("x", 0), {"count": 1}), ("update", ("x", 0), {"count": Plus(2)})]
    assert rows(told, 2) != rows(told, 1)


def test_notes_about_one_row_fold_into_one_round() -> None:
    page = Page()
    for number in range(50):
        page.upsert(table, (str(number), 0), {"name": "a"})
        page.update(table, (str(number), 0), {"count": Plus(1)})
    assert len(list(folding.rounds(page.rows[table]))) == 1
