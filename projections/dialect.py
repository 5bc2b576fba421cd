"""The views' two stores in one shape: statements of SQLAlchemy on the driver's own cursor, compiled once, without the library's per-row work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from projections.statements import Columns, noted
from projections.values import Kind

SQLITE: Final[Dialect] = sqlite.dialect()

Rows: TypeAlias = "Iterable[tuple[Any, ...]]"
"""(key…, value…) each."""


class Cursor(Protocol):
    """One transaction in a store of views."""

    @property
    def passing(self) -> type[Exception]:
        """What is no event's fault: a full disk, a lock, a server that is away."""
        ...

    def execute(self, sql: str) -> None:
        """A word that both stores know, such as SAVEPOINT."""
        ...

    def run(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
        """One statement of Core or DDL; rows as the driver gives them."""
        ...

    def write(self, table: Table, kind: Kind, columns: Columns, rows: Rows) -> None:
        """The same note about many rows."""
        ...

    def create(self, table: Table, virtual: Sequence[str] = ()) -> None:
        """Unless it is there. `virtual`: how SQLite is told of what no Table can say."""
        ...


class Lookup(Protocol):
    """Single rows by an index, outside of any transaction, as the event loop asks for them."""

    async def rows(self, statement: Any, values: Mapping[str, Any]) -> list[Any]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SQLiteCursor:
    """A `Cursor` over a file."""

    raw: sqlite3.Cursor
    passing: type[Exception] = sqlite3.OperationalError

    def execute(self, sql: str) -> None:
        self.raw.execute(sql)

    def run(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
        return self.raw.execute(*bound(statement, values, SQLITE)).fetchall()

    def write(self, table: Table, kind: Kind, columns: Columns, rows: Rows) -> None:
        sql, ordered = noted(table, kind, columns, SQLITE)
        self.raw.executemany(sql, map(ordered, rows))

    def create(self, table: Table, virtual: Sequence[str] = ()) -> None:
        for statement in virtual:
            self.raw.execute(statement)
        self.run(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            self.run(CreateIndex(index, if_not_exists=True))


def bound(statement: Any, values: Mapping[str, Any] | None, dialect: Dialect) -> tuple[str, list[Any]]:
    """The driver's SQL, and the values in its order."""
    text, names, given = compiled(statement, dialect)
    named = {**given, **(values or {})}
    return text, [named[name] for name in names]


@lru_cache(maxsize=512)
def compiled(statement: Any, dialect: Dialect) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """SQL, the names of its parameters in order, and the values known already."""
    done = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return (
        str(done),
        tuple(getattr(done, "positiontup", None) or ()),
        dict(getattr(done, "params", None) or {}),
    )
