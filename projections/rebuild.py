"""Building views anew while the old ones serve: into a file of their own, up to the head, then in by one transaction."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import randrange
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import Column, LargeBinary, Table

from projections import file
from projections.book import Book
from projections.dialect import SQLiteCursor
from projections.file import File, open_book
from projections.progress import Progress
from projections.projection import Projection
from projections.runner import PAGE, Runner
from projections.telling import Herald

T = TypeVar("T")

SAMPLE: Final = 1_000
"""Rows of each table that are compared with the old ones."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class NoSuchView(Exception):
    """There is no view of that name."""


class AlreadyBuilding(Exception):
    """Another process builds these views anew just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was built anew, up to which position; rows per table before and after.

    `resumed_at`: the position that an earlier rebuild had reached when it was killed, or 0. `sampled`: rows of the new version
    that were looked up among the old ones; `differing`: how many of them were not there, by table. They say what a rebuild
    changed: nothing, unless a view was damaged or is made otherwise now.
    """

    names: tuple[str, ...]
    position: int
    before: dict[str, int]
    after: dict[str, int]
    resumed_at: int = 0
    sampled: int = 0
    differing: dict[str, int] = field(default_factory=dict)


async def rebuild(runner: Runner, fresh: Sequence[Projection], *names: str) -> Rebuilt:
    """Build the named views of `fresh` ("all": every one) from the log alone and put them in the place of the old ones.

    `fresh`: projections that share no memory with those of the runner. Raises `NoSuchView`.
    Readers see the old rows until the switch and the new ones after it; an erasure waits for the end (`Runner.everywhere`).
    """
    chosen = chosen_of(fresh, names)
    async with runner.building:
        with ThreadPoolExecutor(1, "rebuild") as thread:
            candidate = Candidate(runner, chosen, thread)
            return await candidate.built()


def chosen_of(fresh: Sequence[Projection], names: Sequence[str]) -> tuple[Projection, ...]:
    known = {page.name for page in fresh}
    if unknown := set(names) - known - {"all"}:
        raise NoSuchView(f"{', '.join(sorted(unknown))}: choose from {', '.join(sorted(known))}, all")
    return tuple(page for page in fresh if "all" in names or page.name in names)


def begun(views: Herald, book: Book[Any]) -> Progress:
    """Of the views of `book`, from where it stands to where `views` are."""
    names, first = tuple(page.name for page in book.pages), book.position
    return Progress(names=names, first=first, goal=views.position, position=first)


async def catch_up(views: Herald, book: Book[Any], position: int, do: Callable[..., Awaitable[Any]]) -> None:
    """Read the log up to `position` into `book`, which is used where `do` works, and tell how far it is."""
    while book.position < position:
        limit = min(PAGE, position - book.position)
        await do(book.apply, await views.log.read_all(after=book.position, limit=limit))
        if views.rebuilding:
            views.rebuilding.position = book.position
            views.rebuilding.goal = max(position, views.position)


@dataclass(slots=True)
class Candidate:
    """The next version of some views, in its own file until it has caught up."""

    runner: Runner
    pages: tuple[Projection, ...]
    thread: ThreadPoolExecutor

    @property
    def path(self) -> Path:
        return file.candidate(self.runner.book.store.path)

    async def built(self) -> Rebuilt:
        book = await self._do(self._open)
        resumed_at = book.position
        try:
            self.runner.rebuilding = begun(self.runner, book)
            await catch_up(self.runner, book, self.runner.position, self._do)
            async with self.runner.turn:
                await catch_up(self.runner, book, self.runner.book.position, self._do)
                done = await self.runner.in_thread(lambda: switch(self.runner.book, book))
                return dataclasses.replace(done, resumed_at=resumed_at)
        finally:
            self.runner.rebuilding = None
            await self._do(self._remove, book)

    async def _do(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread, work, *given)

    def _open(self) -> Book[File]:
        """Go on where a rebuild was killed in this run of the machine, or begin: `open_book` looks at version and incarnation."""
        incarnation, note = self.runner.book.incarnation, self.path.with_name(self.path.name + file.MARKED)
        try:
            if note.read_text("utf-8") == this_run():
                return open_book(self.path, self.pages, incarnation, bulk=True)
        except (OSError, sqlite3.DatabaseError):
            pass  # none was left, or nothing that can be read
        file.remove(self.path)
        note.write_text(this_run(), "utf-8")
        return open_book(self.path, self.pages, incarnation, bulk=True)

    def _remove(self, book: Book[File]) -> None:
        book.close()
        file.remove(self.path)


def this_run() -> str:
    """Since when the machine runs: pages that were never synced are still there. Without an answer no two runs are the same."""
    try:
        return BOOT.read_text("ascii")
    except OSError:
        return uuid4().hex


def switch(live: Book[File], candidate: Book[File]) -> Rebuilt:
    """In the live file's own thread and one transaction of it: drop, make, copy, stand where the candidate stands."""
    cursor = live.store.connection.cursor()
    cursor.execute("ATTACH DATABASE ? AS next", (str(candidate.store.path),))
    try:
        tables = [table for page in candidate.pages for table in page.tables]
        before, (sampled, differing) = counted(cursor, "main", tables), compared(cursor, tables)
        cursor.execute("BEGIN IMMEDIATE")
        try:
            for page in candidate.pages:
                replace(cursor, page)
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        for page in live.pages:
            page.reset()
        names = tuple(page.name for page in candidate.pages)
        return Rebuilt(
            names=names,
            position=live.position,
            before=before,
            after=counted(cursor, "main", tables),
            sampled=sampled,
            differing=differing,
        )
    finally:
        cursor.execute("DETACH DATABASE next")


def compared(cursor: sqlite3.Cursor, tables: Sequence[Table]) -> tuple[int, dict[str, int]]:
    """Some rows of each new table, looked up in the old one: how many, and how many are not there, by table."""
    sampled, differing = 0, dict[str, int]()
    for table in tables:
        count = cursor.execute(f"SELECT count(*) FROM next.{table.name}").fetchone()[0]  # noqa: S608
        start = randrange(max(1, count - SAMPLE + 1))
        shown = ", ".join(f'"{column.name}"' for column in comparable(table))
        rows = f"SELECT * FROM (SELECT {shown} FROM next.{table.name} LIMIT {SAMPLE} OFFSET {start})"  # noqa: S608
        known = f"SELECT {shown} FROM main.{table.name}"  # noqa: S608
        try:
            found = cursor.execute(f"SELECT count(*) FROM ({rows} EXCEPT {known})")  # noqa: S608
            missing = found.fetchone()[0]
        except sqlite3.OperationalError:  # made otherwise than before: every row is new
            missing = min(count, SAMPLE)
        sampled += min(count, SAMPLE)
        differing |= {table.name: missing} if missing else {}
    return sampled, differing


def comparable(table: Table) -> list[Column[Any]]:
    """What is sealed has other bytes each time."""
    return [column for column in table.columns if not isinstance(column.type, LargeBinary)]


def replace(cursor: sqlite3.Cursor, page: Projection) -> None:
    for table in page.tables:
        cursor.execute(f'DROP TABLE IF EXISTS main."{table.name}"')
        SQLiteCursor(cursor).create(table, page.virtual.get(table, ()))
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        copy = f'INSERT INTO main."{table.name}" ({columns}) SELECT {columns} FROM next."{table.name}"'  # noqa: S608
        cursor.execute(copy)
    for statement in STANDING:
        cursor.execute(statement, (page.name,))


STANDING = (
    "DELETE FROM main.projections WHERE name = ?",
    "INSERT INTO main.projections SELECT * FROM next.projections WHERE name = ?",
    "DELETE FROM main.poison WHERE projection = ?",
    "INSERT INTO main.poison SELECT * FROM next.poison WHERE projection = ?",
)
"""Where the new rows stand, and what they could not take in, come with them."""


def counted(cursor: sqlite3.Cursor, schema: str, tables: Sequence[Table]) -> dict[str, int]:
    count = "SELECT count(*) FROM {}.{}"
    return {table.name: cursor.execute(count.format(schema, table.name)).fetchone()[0] for table in tables}
