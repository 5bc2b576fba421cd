"""Where views can be: a file, or a schema of PostgreSQL. What holds of a view holds in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, Table, select

from projections import views
from projections.book import Book, transaction
from projections.dialect import Lookup
from projections.file import open_book, open_lookup, open_reader
from projections.postgres import reading
from projections.postgres.store import Database, open_shared
from projections.projection import Projection

NUMBERS = count(1)


class Place(Protocol):
    """Room for one set of views."""

    def book(self, pages: Sequence[Projection], *, bulk: bool = False) -> Book[Any]: ...

    def readers(self) -> Engine: ...

    async def lookup(self) -> Lookup: ...


@dataclass(frozen=True)
class InFile:
    path: Path

    def book(self, pages: Sequence[Projection], *, bulk: bool = False) -> Book[Any]:
        return open_book(self.path, pages, "one", bulk=bulk)

    def readers(self) -> Engine:
        return open_reader(self.path)

    async def lookup(self) -> Lookup:
        return open_lookup(self.path)


@dataclass(frozen=True)
class InPostgres:
    database: Database

    def book(self, pages: Sequence[Projection], *, bulk: bool = False) -> Book[Any]:
        book = open_shared(self.database, pages, "one", bulk=bulk)
        assert book is not None, "somebody else writes here"
        return book

    def readers(self) -> Engine:
        return reading.open_reader(self.database)

    async def lookup(self) -> Lookup:
        return await reading.open_lookup(self.database)


def new_place(store: str, folder: Path, url: str) -> Place:
    """Another one of that kind."""
    if store == "file":
        return InFile(folder / f"views{next(NUMBERS)}.db")
    return InPostgres(Database(url=url, schema=f"views_{next(NUMBERS)}"))


def rows_of(book: Book[Any], table: Table) -> list[Any]:
    """As the driver gives them, in an order of their own; 1 and True are the same to Python."""
    with transaction(book.store) as cursor:
        return sorted(cursor.run(select(table)), key=lambda row: repr([spelled(value) for value in row]))


def spelled(value: object) -> object:
    """PostgreSQL says False where SQLite says 0."""
    return int(value) if isinstance(value, bool) else value


def poison_of(book: Book[Any]) -> list[Any]:
    return rows_of(book, views.poison)
