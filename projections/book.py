"""The write side of the views: takes pages of events and leaves rows, positions and changes, all in one transaction."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.app.ports import Recorded
from hub.domain.customer.events import CustomerErased
from hub.domain.ids import ConversationId, CustomerId, Position
from projections import complaints, views
from projections.dialect import run
from projections.page import Page
from projections.projection import Projection, instant, text_of

SPOILT = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    OverflowError,
)
"""What the rows of one event can be at fault for. A full disk or a lock is nobody's poison: the page is tried again."""


class Gap(Exception):
    """The page does not begin right after what was taken in before: read the log again from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The views show everything up to `position`; this changed. `kinds` are names of events."""

    position: Position
    conversations: frozenset[ConversationId] = frozenset()
    customers: frozenset[CustomerId] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __add__(self, later: Announcement) -> Announcement:
        return Announcement(
            position=later.position,
            conversations=self.conversations | later.conversations,
            customers=self.customers | later.customers,
            kinds=self.kinds | later.kinds,
        )


@dataclass(slots=True, kw_only=True)
class Book:
    """One views file and the projections in it. Used by one thread at a time.

    `bulk`: a file being built anew, whose changes nobody follows.
    """

    path: Path
    connection: sqlite3.Connection
    pages: tuple[Projection, ...]
    bulk: bool = False
    positions: dict[str, int] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """What every projection has reached."""
        return min((self.positions[page.name] for page in self.pages), default=0)

    def incarnation(self) -> str:
        """Of the log that the rows come from."""
        return str(self.connection.execute("SELECT max(incarnation) FROM projections").fetchone()[0])

    def apply(self, recorded: Sequence[Recorded]) -> Announcement:
        """Take a page of events into every projection that has not seen them; seen ones change nothing. Raises `Gap`."""
        before = dict(self.positions)
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            announcement = self._write(cursor, recorded)
            cursor.execute("COMMIT")
        except BaseException:
            self._undo(cursor, before)
            raise
        return announcement

    def _write(self, cursor: sqlite3.Cursor, recorded: Sequence[Recorded]) -> Announcement:
        news = [one for one in recorded if one.position > self.position]
        for page in self.pages:
            self._advance(cursor, page, news)
        cursor.executemany(
            "UPDATE projections SET position = ? WHERE name = ?",
            [(self.positions[page.name], page.name) for page in self.pages],
        )
        if self.bulk:
            return Announcement(position=Position(self.position))
        return keep_changes(cursor, news, self.position)

    def _undo(self, cursor: sqlite3.Cursor, before: Mapping[str, int]) -> None:
        if self.connection.in_transaction:
            cursor.execute("ROLLBACK")
        self.positions = dict(before)
        for page in self.pages:
            page.reset()

    def _advance(self, cursor: sqlite3.Cursor, page: Projection, recorded: Sequence[Recorded]) -> None:
        reached = self.positions[page.name]
        news = [one for one in recorded if one.position > reached]
        if not news:
            return
        check_order(reached, news)
        cursor.execute("SAVEPOINT page")
        try:
            take_in(cursor, page, news)
        except sqlite3.OperationalError:
            raise  # a full disk or a lock is nobody's poison: the page is tried again
        except Exception:  # noqa: BLE001 - whatever a projection trips over must not stop the others
            cursor.execute("ROLLBACK TO page")
            page.reset()
            take_in_singly(cursor, page, news)
        cursor.execute("RELEASE page")
        self.positions[page.name] = news[-1].position

    def close(self) -> None:
        self.connection.close()


def open_book(path: Path, pages: Sequence[Projection], incarnation: str, *, bulk: bool = False) -> Book:
    """Open or make the file; rows of another version or incarnation of the log are dropped and built again by `apply`."""
    connection = views.open_writer(path, bulk=bulk)
    views.prepare(connection, pages, incarnation)
    positions = views.positions(connection.cursor())
    return Book(path=path, connection=connection, pages=tuple(pages), bulk=bulk, positions=positions)


def check_order(reached: int, news: Sequence[Recorded]) -> None:
    steps = [reached, *(one.position for one in news)]
    if any(later != earlier + 1 for earlier, later in pairwise(steps)):
        raise Gap(f"after position {reached} came {news[0].position}")


def take_in(cursor: sqlite3.Cursor, projection: Projection, recorded: Sequence[Recorded]) -> None:
    """Fold the events into one page and write it; erasure is obeyed exactly where it stands (record rule 20)."""
    page, handlers = Page(read=partial(run, cursor)), projection.project.handlers
    for one in recorded:
        event = one.event
        if (handler := handlers.get(type(event))) is not None:
            handler(event, one, page)
        if isinstance(event, CustomerErased):
            finish(cursor, projection, page)
            for statement in projection.forget(text_of(one.stream)):
                run(cursor, statement)
    finish(cursor, projection, page)


def finish(cursor: sqlite3.Cursor, projection: Projection, page: Page) -> None:
    projection.finish(page)
    page.write(cursor)


def take_in_singly(cursor: sqlite3.Cursor, projection: Projection, recorded: Sequence[Recorded]) -> None:
    """Something in the page is at fault: find the event, park it, and keep the rest."""
    for one in recorded:
        cursor.execute("SAVEPOINT one")
        try:
            take_in(cursor, projection, [one])
        except sqlite3.OperationalError:
            raise
        except Exception as broken:  # noqa: BLE001 - parked and shown
            cursor.execute("ROLLBACK TO one")
            projection.reset()
            park(cursor, projection, one, broken)
        cursor.execute("RELEASE one")


def park(cursor: sqlite3.Cursor, projection: Projection, one: Recorded, broken: BaseException) -> None:
    row = (projection.name, one.position, one.name, reason(broken), instant(one.recorded_at))
    cursor.execute("INSERT OR REPLACE INTO poison VALUES (?, ?, ?, ?, ?)", row)


def reason(broken: BaseException) -> str:
    """What broke and where; never the message, which may quote a customer."""
    frames = traceback.extract_tb(broken.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(broken).__name__}{where}"


def keep_changes(cursor: sqlite3.Cursor, news: Sequence[Recorded], position: int) -> Announcement:
    """Rows that a socket can catch up from, and the same for those who listen now."""
    told = [(one, conversation_of(cursor, one.event)) for one in news]
    rows = (
        (one.position, one.name, text_of(one.stream), of and str(of))
        for one, of in told[-views.KEPT_CHANGES :]
    )
    cursor.executemany("INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?)", rows)
    cursor.execute("DELETE FROM changes WHERE position <= ?", (position - views.KEPT_CHANGES,))
    return Announcement(
        position=Position(position),
        conversations=frozenset(conversation for _, conversation in told if conversation),
        customers=frozenset(CustomerId(one.stream) for one in news),
        kinds=frozenset(one.name for one in news),
    )


def conversation_of(cursor: sqlite3.Cursor, event: Any) -> ConversationId | None:
    """The conversation that an event is about; most facts of a complaint name only the complaint."""
    conversation: ConversationId | None = getattr(event, "conversation", None)
    complaint = None if conversation else getattr(event, "complaint", None)
    if complaint is None:
        return conversation
    found = complaints.conversation_of(cursor, str(complaint))
    return None if found is None else ConversationId(UUID(found))
