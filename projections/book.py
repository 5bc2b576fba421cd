"""The write side of the views: takes pages of events and leaves rows, positions and changes, all in one transaction."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Table

from hub.app.ports import Recorded
from hub.domain.customer.events import CustomerErased
from hub.domain.ids import Position
from projections import complaints, views
from projections.announcing import Announcement, keep_changes
from projections.dialect import Cursor
from projections.page import Page
from projections.projection import Projection, instant, text_of


class Gap(Exception):
    """The page does not begin right after what was taken in before: read the log again from there."""


class Moved(Gap):
    """Somebody else has written these views meanwhile; they stand at `positions`."""

    def __init__(self, positions: dict[str, int]) -> None:
        super().__init__("another process has written these views")
        self.positions = positions


class Store(Protocol):
    """Where the tables of a book are, as their one writer sees them."""

    def begin(self) -> Cursor:
        """A transaction that nobody else writes beside."""
        ...

    def commit(self, position: int) -> None:
        """Durable enough for rows that can be built anew. `position`: what whoever waits for it may be told."""
        ...

    def roll_back(self) -> None:
        """Whatever state it is in."""
        ...

    def close(self) -> None: ...


S = TypeVar("S", bound=Store)


@dataclass(slots=True, kw_only=True)
class Book(Generic[S]):
    """One set of views and the projections in it. Used by one thread at a time.

    `bulk`: views being built anew, whose changes nobody follows. `incarnation`: of the log that the rows come from.
    """

    store: S
    pages: tuple[Projection, ...]
    bulk: bool = False
    positions: dict[str, int] = field(default_factory=dict)
    incarnation: str = ""

    @property
    def position(self) -> int:
        """What every projection has reached."""
        return min((self.positions[page.name] for page in self.pages), default=0)

    def apply(self, recorded: Sequence[Recorded]) -> Announcement:
        """Take a page of events into every projection that has not seen them; seen ones change nothing. Raises `Gap`."""
        before = dict(self.positions)
        try:
            cursor = self.store.begin()
            self._be_alone(cursor)
            announcement = self._write(cursor, recorded)
            self.store.commit(self.position)
        except Moved as moved:
            self._undo(moved.positions)
            raise
        except BaseException:
            self._undo(before)
            raise
        return announcement

    def _be_alone(self, cursor: Cursor) -> None:
        """Compare and, at the end, set: two writers never advance from the same position."""
        stand = views.positions(cursor)
        if any(stand.get(page.name) != self.positions[page.name] for page in self.pages):
            raise Moved(stand)

    def _write(self, cursor: Cursor, recorded: Sequence[Recorded]) -> Announcement:
        news = [one for one in recorded if one.position > self.position]
        for page in self.pages:
            self._advance(cursor, page, news)
        reached = [(page.name, self.positions[page.name]) for page in self.pages]
        cursor.write(views.projections, "update", (("position", None),), reached)
        if self.bulk:
            return Announcement(position=Position(self.position))
        return keep_changes(cursor, news, self.position, by_complaint=self._has(complaints.complaints))

    def _has(self, table: Table) -> bool:
        return any(table in page.tables for page in self.pages)

    def _undo(self, before: Mapping[str, int]) -> None:
        self.store.roll_back()
        self.positions = dict(before)
        for page in self.pages:
            page.reset()

    def _advance(self, cursor: Cursor, page: Projection, recorded: Sequence[Recorded]) -> None:
        reached = self.positions[page.name]
        news = [one for one in recorded if one.position > reached]
        if not news:
            return
        check_order(reached, news)
        take_in_safely(cursor, page, news)
        self.positions[page.name] = news[-1].position

    def close(self) -> None:
        self.store.close()


@contextmanager
def transaction(store: Store) -> Iterator[Cursor]:
    """Committed at its end, or undone."""
    try:
        yield store.begin()
        store.commit(0)
    except BaseException:
        store.roll_back()
        raise


def opened(store: S, pages: Sequence[Projection], incarnation: str, *, bulk: bool = False) -> Book[S]:
    """Make what is missing; rows of another version or incarnation of the log are dropped and built again by `apply`."""
    with transaction(store) as cursor:
        views.prepare(cursor, pages, incarnation)
        positions = views.positions(cursor)
    return Book(store=store, pages=tuple(pages), bulk=bulk, positions=positions, incarnation=incarnation)


def check_order(reached: int, news: Sequence[Recorded]) -> None:
    steps = [reached, *(one.position for one in news)]
    if any(later != earlier + 1 for earlier, later in pairwise(steps)):
        raise Gap(f"after position {reached} came {news[0].position}")


def take_in_safely(cursor: Cursor, projection: Projection, recorded: Sequence[Recorded]) -> None:
    """All the events, but for those that are at fault: they are parked. Within a transaction."""
    cursor.execute("SAVEPOINT page")
    try:
        take_in(cursor, projection, recorded)
    except cursor.passing:
        raise  # nobody's poison: the page is tried again
    except Exception:  # noqa: BLE001 - whatever a projection trips over must not stop the others
        cursor.execute("ROLLBACK TO page")
        projection.reset()
        take_in_singly(cursor, projection, recorded)
    cursor.execute("RELEASE page")


def take_in(cursor: Cursor, projection: Projection, recorded: Sequence[Recorded]) -> None:
    """Fold the events into one page and write it; erasure is obeyed exactly where it stands (record rule 20)."""
    page, handlers = Page(read=cursor.run), projection.project.handlers
    for one in recorded:
        event = one.event
        if (handler := handlers.get(type(event))) is not None:
            handler(event, one, page)
        if isinstance(event, CustomerErased):
            finish(cursor, projection, page)
            for statement in projection.forget(text_of(one.stream)):
                cursor.run(statement)
    finish(cursor, projection, page)


def finish(cursor: Cursor, projection: Projection, page: Page) -> None:
    projection.finish(page)
    page.write(cursor)


def take_in_singly(cursor: Cursor, projection: Projection, recorded: Sequence[Recorded]) -> None:
    """Something in the page is at fault: find the event, park it, and keep the rest."""
    for one in recorded:
        cursor.execute("SAVEPOINT one")
        try:
            take_in(cursor, projection, [one])
        except cursor.passing:
            raise
        except Exception as broken:  # noqa: BLE001 - parked and shown
            cursor.execute("ROLLBACK TO one")
            projection.reset()
            park(cursor, projection, one, broken)
        cursor.execute("RELEASE one")


def park(cursor: Cursor, projection: Projection, one: Recorded, broken: BaseException) -> None:
    row = (projection.name, one.position, one.name, reason(broken), instant(one.recorded_at))
    cursor.write(views.poison, "upsert", (("name", None), ("why", None), ("at", None)), [row])


def reason(broken: BaseException) -> str:
    """What broke and where; never the message, which may quote a customer."""
    frames = traceback.extract_tb(broken.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(broken).__name__}{where}"
