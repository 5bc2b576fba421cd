"""The SQL of the notes, by SQLAlchemy, compiled once per table, kind and shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from projections.values import Fill, Kind, Old, Plus

Columns: TypeAlias = "tuple[tuple[str, object], ...]"
"""Column and what shapes its SQL: None for a plain value, `Plus`, `Fill`, or an `Old` itself."""


INSERTS: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@lru_cache(maxsize=4096)
def noted(
    table: Table, kind: Kind, columns: tuple[tuple[str, object], ...], dialect: Dialect
) -> tuple[str, Callable[[Any], Any]]:
    """The driver's SQL, and what puts (key…, value…) into its order. Compiled once per shape."""
    text = STATEMENTS[kind](table, dict(columns), dialect.name).compile(dialect=dialect)
    names = [f"k_{column.name}" for column in table.primary_key] + [f"v_{name}" for name, _ in columns]
    order = [names.index(name) for name in text.positiontup or ()]
    return str(text), itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)


def keys_of(table: Table) -> dict[str, Any]:
    return {column.name: bindparam(f"k_{column.name}") for column in table.primary_key}


def new_row(table: Table, columns: Mapping[str, object]) -> dict[str, Any]:
    return keys_of(table) | {name: bindparam(f"v_{name}") for name in columns}


def upsert_of(table: Table, columns: Mapping[str, object], store: str) -> Any:
    made = INSERTS[store](table).values(new_row(table, columns))
    index = list(table.primary_key)
    if not columns:
        return made.on_conflict_do_nothing(index_elements=index)
    return made.on_conflict_do_update(
        index_elements=index,
        set_={name: changed(table.c[name], made.excluded[name], how) for name, how in columns.items()},
    )


def add_of(table: Table, columns: Mapping[str, object], store: str) -> Any:
    """SQLite's index of words knows no ON CONFLICT."""
    made = INSERTS[store](table).values(new_row(table, columns))
    return made.prefix_with("OR IGNORE") if store == "sqlite" else made.on_conflict_do_nothing()


def update_of(table: Table, columns: Mapping[str, object], store: str) -> Any:
    new = {name: changed(table.c[name], bindparam(f"v_{name}"), how) for name, how in columns.items()}
    return update(table).where(*is_key(table)).values(new)


def delete_of(table: Table, columns: Mapping[str, object], store: str) -> Any:
    return delete(table).where(*is_key(table))


def is_key(table: Table) -> list[ColumnElement[bool]]:
    return [table.c[name] == bind for name, bind in keys_of(table).items()]


def changed(column: ColumnElement[Any], new: ColumnElement[Any], how: object) -> ColumnElement[Any]:
    if how is Plus:
        return column + new
    if how is Fill:
        return func.coalesce(column, new)
    return how.expression if isinstance(how, Old) else new


STATEMENTS: dict[Kind, Callable[[Table, Mapping[str, object], str], Any]] = {
    "upsert": upsert_of,
    "add": add_of,
    "update": update_of,
    "delete": delete_of,
}
