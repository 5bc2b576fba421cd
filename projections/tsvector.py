"""The same words for PostgreSQL: vectors of terms with their places, and questions over them (GIN over pairs of characters)."""

from __future__ import annotations

import unicodedata
from itertools import accumulate, takewhile
from typing import Any, Final, Literal

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles

from projections.terms import IS_CJK, MOST_TERMS, RUNS, plain

MOST_PLACES: Final = 16_383
"""The last place that PostgreSQL tells from others (its manual, 8.11.1); words of a letter beyond are not found."""
LONGEST: Final = 200
"""Characters of a term."""
MOST_BYTES: Final = 300_000
"""Of a vector; PostgreSQL takes 1,048,575, and three of them are indexed together."""
BESIDE_A_TERM: Final = 8
"""Bytes: its entry, its place and what aligns them."""


class Terms(String):
    """A column of words, as `indexed` makes them: plain text in SQLite's index, a vector with `weight` in PostgreSQL."""

    cache_ok = True

    def __init__(self, weight: Literal["A", "B", "C", "D"] = "D") -> None:
        super().__init__()
        self.weight = weight

    def vector(self, said: str) -> str:
        """A tsvector's text. Terms are letters and digits alone, so nothing in them needs to be escaped."""
        terms = [spelled(run) for run in RUNS.findall(said)[:MOST_PLACES]]
        sizes = accumulate(len(term.encode()) + BESIDE_A_TERM for term in terms)
        kept = takewhile(lambda both: both[1] < MOST_BYTES, zip(terms, sizes, strict=True))
        return " ".join(f"'{term}':{place}{self.weight}" for place, (term, _) in enumerate(kept, 1))


@compiles(Terms, "postgresql")
def _(element: Terms, compiler: Any, **options: Any) -> str:
    return "TSVECTOR"


def spelled(run: str) -> str:
    """Without the marks over and under Latin, Greek and Cyrillic letters, as SQLite's index takes them."""
    if run.isascii() or IS_CJK.match(run):
        return run[:LONGEST]
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", run) if not unicodedata.combining(letter)
    )
    return (unicodedata.normalize("NFC", bare) or run)[:LONGEST]


def sought(question: str) -> str:
    """A tsquery that finds every run of the question: pairs in a row, words by their beginning; "" when nothing is asked."""
    return " & ".join(sought_run(run) for run in RUNS.findall(plain(question))[:MOST_TERMS])


def sought_run(run: str) -> str:
    """One character or a word is a prefix; 订单号 is 订单 followed by 单号."""
    if not IS_CJK.match(run) or len(run) == 1:
        return f"'{spelled(run)}':*"
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    return "(" + " <-> ".join(f"'{pair}'" for pair in pairs) + ")"
