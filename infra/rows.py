"""Rows that are written in small transactions, whichever store holds them: a SQLite file of its own, or a schema in PostgreSQL.

Statements are written once, in what both understand, with `?` for values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

R = TypeVar("R")


class Found(Protocol):
    """What a statement came to."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Database(Protocol):
    """Inside of a transaction."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Found: ...

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> object: ...


class Rows(Protocol):
    """The one writer of some tables in this process."""

    async def do(self, step: Callable[[Database], R]) -> R:
        """Run `step` and commit durably before returning its answer. A step that raises is undone alone."""
        ...

    def do_now(self, step: Callable[[Database], R]) -> R:
        """The same for callers without an event loop."""
        ...

    async def scrub(self, *, rewrite: bool = True) -> None:
        """Leave no deleted byte in the files of these tables."""
        ...

    def close(self) -> None: ...
