"""A page of noted changes: what a projection wants written, folded per row in memory and written in bulk.

Per key the order of the notes is kept. Notes that fold into one statement are folded; the others wait for the next
round, and round n writes the n-th statement of every row with one executemany per table and kind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Executable, Table, bindparam, delete, func, insert, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

Kind: TypeAlias = Literal["upsert", "add", "update", "delete"]
Plain: TypeAlias = str | int | float | bytes | None
Key: TypeAlias = "str | int | tuple[Plain, ...]"


@dataclass(frozen=True, slots=True)
class Plus:
    """Add to what is there (0 in a new row)."""

    amount: int


@dataclass(frozen=True, slots=True)
class Fill:
    """Take this value only where there is none."""

    value: Plain


@dataclass(frozen=True, slots=True, eq=False)
class Old:
    """An SQL expression without parameters over the row as it stood before; in updates only. Make it once per module."""

    expression: ColumnElement[Any]


Value: TypeAlias = Plain | Plus | Fill | Old
Values: TypeAlias = Mapping[str, Value]


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

    def write(self, cursor: sqlite3.Cursor) -> None:
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
    if OLD.isdisjoint(map(type, values.values())) and into.keys().isdisjoint(values):
        return {**into, **values}
    both = {name: joined(into[name], value) if name in into else value for name, value in values.items()}
    if any(isinstance(value, Old | TwoSteps) for value in both.values()):
        return None
    return {**into, **both}  # type: ignore[dict-item]  # no TwoSteps is left


OLD = frozenset({Old})
SPECIAL = frozenset({Plus, Fill, Old})


class TwoSteps(Enum):
    """What two values fold to when no single one has the effect of both."""

    TWO_STEPS = "two steps"


def joined(first: Value, then: Value) -> Value | TwoSteps:
    """One value with the effect of both in turn."""
    match first, then:
        case (Plus(m), Plus(n)):
            return Plus(m + n)
        case (Fill(value), Fill()) if value is not None:
            return first
        case (Fill() | Plus() | Old(), Fill() | Plus()):
            return TwoSteps.TWO_STEPS
        case (int() | None, Plus(n)):
            return (first or 0) + n
        case (_, Fill(value)):
            return value if first is None else first
        case _:
            return then


def rounds(rows: Mapping[Key, list[Statement]]) -> Iterator[list[tuple[Key, Statement]]]:
    """Nearly every row needs one round; the few others go on."""
    yield [(key, statements[0]) for key, statements in rows.items()]
    left = {key: statements[1:] for key, statements in rows.items() if len(statements) > 1}
    if left:
        yield from rounds(left)


Columns: TypeAlias = "tuple[tuple[str, object], ...]"


def write_batch(cursor: sqlite3.Cursor, table: Table, batch: Iterable[tuple[Key, Statement]]) -> None:
    """One executemany per kind and shape; most rows hold plain values only and are told apart by their names alone."""
    groups: dict[tuple[Kind, tuple[str, ...], Columns], list[tuple[Any, ...]]] = {}
    for key, statement in batch:
        values, names = statement.values.values(), tuple(statement.values)
        marks: Columns = ()
        if not SPECIAL.isdisjoint(map(type, values)):
            marks = tuple(zip(names, map(mark, values), strict=True))
            values = [bare(value) for value in values]  # type: ignore[assignment]
        groups.setdefault((statement.kind, names, marks), []).append((*tuple_of(key), *values))
    for (kind, names, marks), rows in groups.items():
        sql, ordered = compiled(table, kind, marks or tuple((name, None) for name in names))
        cursor.executemany(sql, map(ordered, rows))


def tuple_of(key: Key) -> tuple[Plain, ...]:
    return key if isinstance(key, tuple) else (key,)


def mark(value: Value) -> object:
    """What of a value shapes the statement: its kind, or the expression itself."""
    return value if isinstance(value, Old) else value.__class__ if isinstance(value, Plus | Fill) else None


def bare(value: Value) -> Plain:
    match value:
        case Plus(amount):
            return amount
        case Fill(inner):
            return inner
        case Old():
            return None
        case _:
            return value


@lru_cache(maxsize=4096)
def compiled(
    table: Table, kind: Kind, columns: tuple[tuple[str, object], ...]
) -> tuple[str, Callable[[Any], Any]]:
    """The driver's SQL, and what puts (key…, value…) into its order. Compiled once per shape."""
    text = STATEMENTS[kind](table, dict(columns)).compile(dialect=sqlite.dialect())
    names = [f"k_{column.name}" for column in table.primary_key] + [f"v_{name}" for name, _ in columns]
    order = [names.index(name) for name in text.positiontup or ()]
    return str(text), itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)


def keys_of(table: Table) -> dict[str, Any]:
    return {column.name: bindparam(f"k_{column.name}") for column in table.primary_key}


def new_row(table: Table, columns: Mapping[str, object]) -> dict[str, Any]:
    return keys_of(table) | {name: bindparam(f"v_{name}") for name in columns}


def upsert_of(table: Table, columns: Mapping[str, object]) -> Any:
    made = sqlite_insert(table).values(new_row(table, columns))
    index = list(table.primary_key)
    if not columns:
        return made.on_conflict_do_nothing(index_elements=index)
    return made.on_conflict_do_update(
        index_elements=index,
        set_={name: changed(table.c[name], made.excluded[name], how) for name, how in columns.items()},
    )


def add_of(table: Table, columns: Mapping[str, object]) -> Any:
    return insert(table).prefix_with("OR IGNORE").values(new_row(table, columns))


def update_of(table: Table, columns: Mapping[str, object]) -> Any:
    new = {name: changed(table.c[name], bindparam(f"v_{name}"), how) for name, how in columns.items()}
    return update(table).where(*is_key(table)).values(new)


def delete_of(table: Table, columns: Mapping[str, object]) -> Any:
    return delete(table).where(*is_key(table))


def is_key(table: Table) -> list[ColumnElement[bool]]:
    return [table.c[name] == bind for name, bind in keys_of(table).items()]


def changed(column: ColumnElement[Any], new: ColumnElement[Any], how: object) -> ColumnElement[Any]:
    if how is Plus:
        return column + new
    if how is Fill:
        return func.coalesce(column, new)
    return how.expression if isinstance(how, Old) else new


STATEMENTS: dict[Kind, Callable[[Table, Mapping[str, object]], Any]] = {
    "upsert": upsert_of,
    "add": add_of,
    "update": update_of,
    "delete": delete_of,
}
