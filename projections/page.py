"""A page of noted changes: what a projection wants written, folded per row in memory and written in bulk.

Per key the order of the notes is kept. Notes that fold into one statement are folded; the others wait for the next
round, and round n writes the n-th statement of every row with one statement per table and kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, Table

from projections.dialect import Cursor
from projections.statements import Columns
from projections.values import (
    SPECIAL,
    Fill,
    Key,
    Kind,
    Old,
    Plain,
    Plus,
    TwoSteps,
    Value,
    Values,
    bare,
    joined,
    mark,
)

__all__ = ["Fill", "Key", "Old", "Page", "Plain", "Plus", "Value", "Values"]


@dataclass(slots=True)
class Statement:
    """What becomes of one row in one round. Its values are never changed in place: a caller may note a constant."""

    kind: Kind
    values: Values


def not_for_you(query: Executable, values: Mapping[str, Plain]) -> Sequence[Any]:
    """A page of its own, outside a runner, reads nothing."""
    return ()


@dataclass(slots=True)
class Page:
    """The notes of one projection over one page of events. `read` is for `states` alone, which says why."""

    read: Callable[[Executable, Mapping[str, Plain]], Sequence[Any]] = not_for_you
    rows: dict[Table, dict[Key, list[Statement]]] = field(default_factory=dict)

    def upsert(self, table: Table, key: Key, values: Values) -> None:
        """The row has these values; others keep what they are, or their defaults in a new row."""
        self._note(table, key, "upsert", values)

    def add(self, table: Table, key: Key, values: Values) -> None:
        """The row is there; one that already is stays as it is."""
        self._note(table, key, "add", values)

    def update(self, table: Table, key: Key, values: Values) -> None:
        """The row has these values, if it is there."""
        self._note(table, key, "update", values)

    def delete(self, table: Table, key: Key) -> None:
        """The row is not there, whatever was noted before."""
        self.rows.setdefault(table, {})[key] = [Statement("delete", {})]

    def _note(self, table: Table, key: Key, kind: Kind, values: Values) -> None:
        rows = self.rows.setdefault(table, {})
        known = rows.get(key)
        if known is None:
            rows[key] = [Statement(kind, values)]
        elif not absorbed(known[-1], kind, values):
            known.append(Statement(kind, values))

    def write(self, cursor: Cursor) -> None:
        """Write everything noted, in rounds, and be empty again."""
        for table, rows in self.rows.items():
            for batch in rounds(rows):
                write_batch(cursor, table, batch)
        self.rows.clear()


def absorbed(last: Statement, kind: Kind, values: Values) -> bool:
    """True when `last` now says both; False when the two need a statement each."""
    both = last.kind, kind
    if both in SILENT:
        return True
    merged_values = merged(last.values, values) if both in MERGED else None
    if merged_values is not None:
        last.values = merged_values
    return merged_values is not None


SILENT = {("delete", "update"), ("upsert", "add"), ("add", "add")}
"""The second changes nothing: there is no row, or there is one already."""

MERGED = {("upsert", "upsert"), ("upsert", "update"), ("update", "update")}


def merged(into: Values, values: Values) -> Values | None:
    """The values of both in turn, or None where one statement can't say it."""
    both: dict[str, Value] = {**into, **values}
    if SPECIAL.isdisjoint(map(type, values.values())):
        return both  # anything plain takes the place of whatever was there
    for name, value in values.items():
        if type(value) in SPECIAL:
            both_of_it = joined(into[name], value) if name in into else value
            if isinstance(both_of_it, Old | TwoSteps):
                return None
            both[name] = both_of_it
    return both


def rounds(rows: Mapping[Key, list[Statement]]) -> Iterator[list[tuple[Key, Statement]]]:
    """Nearly every row needs one round; the few others go on."""
    yield [(key, statements[0]) for key, statements in rows.items()]
    left = {key: statements[1:] for key, statements in rows.items() if len(statements) > 1}
    if left:
        yield from rounds(left)


def write_batch(cursor: Cursor, table: Table, batch: Iterable[tuple[Key, Statement]]) -> None:
    """One statement per kind and shape; most rows hold plain values only and are told apart by their names alone."""
    groups: dict[tuple[Kind, tuple[str, ...], Columns], list[tuple[Any, ...]]] = {}
    for key, statement in batch:
        values, names = statement.values.values(), tuple(statement.values)
        marks: Columns = ()
        if not SPECIAL.isdisjoint(map(type, values)):
            marks = tuple(zip(names, map(mark, values), strict=True))
            values = [bare(value) for value in values]  # type: ignore[assignment]
        groups.setdefault((statement.kind, names, marks), []).append((*tuple_of(key), *values))
    for (kind, names, marks), rows in groups.items():
        cursor.write(table, kind, marks or tuple((name, None) for name in names), rows)


def tuple_of(key: Key) -> tuple[Plain, ...]:
    return key if isinstance(key, tuple) else (key,)
