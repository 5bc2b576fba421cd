"""Views in a schema of PostgreSQL that several processes share: written by one of them at a time, read by all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import add
from typing import Any, Final

import psycopg
from psycopg import Cursor
from sqlalchemy import BigInteger, Boolean, Index, Integer, MetaData, String, Table, Text, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from projections.dialect import Rows, bound
from projections.statements import Columns, noted
from projections.tsvector import Terms
from projections.values import Kind

POSTGRES: Final[Dialect] = PGDialect(paramstyle="format")  # type: ignore[no-untyped-call]


class TooLarge(psycopg.DataError):
    """A value that PostgreSQL can't keep or index: of this row, and never passing, though psycopg calls it operational."""


@dataclass(frozen=True, slots=True)
class PostgresCursor:
    """A `Cursor` over a schema: what stands first on its connection's search path."""

    raw: Cursor
    passing: type[Exception] = psycopg.OperationalError

    def execute(self, sql: str) -> None:
        self.raw.execute(sql.encode())

    def run(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
        sql, given = bound(statement, values, POSTGRES)
        self.raw.execute(sql.encode(), given)
        return self.raw.fetchall() if self.raw.description else []

    def write(self, table: Table, kind: Kind, columns: Columns, rows: Rows) -> None:
        sql, ordered = noted(table, kind, columns, POSTGRES)
        spelled = spelling(table, columns)
        try:
            self.raw.executemany(sql.encode(), [ordered(spelled(row)) for row in rows])
        except psycopg.errors.ProgramLimitExceeded:
            raise TooLarge("longer than the database can keep or index") from None

    def create(self, table: Table, virtual: Sequence[str] = ()) -> None:
        made = as_here(table)
        self.run(CreateTable(made, if_not_exists=True))
        for index in made.indexes:
            self.run(CreateIndex(index, if_not_exists=True))


def spelling(table: Table, columns: Columns) -> Callable[[Iterable[Any]], list[Any]]:
    """How the values of a row are put: terms as their type says, and text without NUL, which PostgreSQL does not take."""
    names = [column.name for column in table.primary_key] + [name for name, _ in columns]
    terms = {at: kind for at, name in enumerate(names) if isinstance(kind := table.c[name].type, Terms)}

    def spelled(row: Iterable[Any]) -> list[Any]:
        values = [
            value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
            for value in row
        ]
        for at, kind in terms.items():
            values[at] = kind.vector(values[at] or "")
        return values

    return spelled


@cache
def as_here(table: Table) -> Table:
    """The table as PostgreSQL is told of it: 64-bit numbers, text that sorts by its bytes as in SQLite."""
    made = table.to_metadata(MetaData())
    for column in made.columns:
        if isinstance(column.type, Boolean) and column.server_default is not None:
            column.server_default.arg = text("true" if column.server_default.arg == "1" else "false")  # type: ignore[attr-defined]
        elif isinstance(column.type, Integer):
            column.type, column.autoincrement = BigInteger(), False
        elif isinstance(column.type, String) and not isinstance(column.type, Terms):
            column.type = Text(collation="C")
    said = [column for column in made.columns if isinstance(column.type, Terms)]
    if said:
        Index(f"{table.name}_found", reduce(add, said), postgresql_using="gin")
    return made
