"""Views that several processes share: one of them writes, the others stand by, and all hear of each page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.app.traces import span
from hub.domain.ids import ConversationId, CustomerId, Position
from projections import views
from projections.announcing import Announcement, announcement_of, conversation_named
from projections.book import Book, transaction
from projections.dialect import Cursor
from projections.postgres.others import Free, passed
from projections.postgres.scrub import rewrite
from projections.postgres.store import SILENCE_S, Database, Schema, begun, session, taken, written
from projections.projection import Projection
from projections.runner import PAGE
from projections.telling import BEAT_S, FIRST_REST_S, Herald

T = TypeVar("T")

POLL_S: Final = BEAT_S
"""A notice may be lost; one looks anyway."""
STAND_BY_S: Final = 1.0
"""Between two looks whether nobody writes any more."""
NOT_WHILE_REWRITTEN: Final = "LOCK TABLE projections IN ROW EXCLUSIVE MODE"
"""What is changed in a table after a scrub has copied it would go with the old one."""
STIR_S: Final = SILENCE_S / 3
"""A writer whose session was ended while it had nothing to do has seen it after so long."""


Changes: TypeAlias = list[dict[str, Any]]


class Seen(NamedTuple):
    """How far the views are, what has changed in them (None: too long ago), and whether some process may write them."""

    position: int
    changes: Changes | None
    is_written: bool


NOTHING: Final = Seen(-1, [], is_written=False)
"""Nobody has made them."""


@dataclass(slots=True, kw_only=True)
class SharedViews(Herald):
    """The views of `database` in this process. `pages` makes projections with a memory of their own.

    `writes`: this process may be the one that writes. Start `run()` in a TaskGroup; `close()` after it has ended.
    """

    database: Database
    readers: Engine
    pages: Callable[[], Sequence[Projection]]
    incarnation: str
    writes: bool = True
    _line: psycopg.Connection | None = None
    _told: int = -1
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "views"))

    def __post_init__(self) -> None:
        self.position = -1  # until they are seen to be there, even an empty log is not shown

    async def run(self) -> None:
        """Hear of the views for ever, and write them whenever nobody else does."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.persist(self._watch, FIRST_REST_S), name="views: watching")
            if self.writes:
                group.create_task(self.persist(self._write, STAND_BY_S), name="views: writing")

    def why(self, broken: Exception) -> str:
        """What PostgreSQL's errors say may quote a row: their kind has to do."""
        cause = broken.__cause__ if isinstance(broken, SQLAlchemyError) else broken
        if isinstance(cause, psycopg.Error):
            return f"{type(cause).__name__} {cause.sqlstate or ''}".strip()
        return Herald.why(self, broken)

    # --- writing ---

    async def _write(self) -> None:
        """Until something fails; at once when another process writes."""
        book = await self.in_thread(self._taken)
        if book is None:
            return
        try:
            await until_one_ends(self._follow(book), self._stir(book))
        finally:
            await self.in_thread(book.close)

    async def _follow(self, book: Book[Schema]) -> None:
        async for recorded in self.log.follow(after=book.position, limit=PAGE):
            with span("views.page", events=len(recorded), position=recorded[-1].position):
                await self.in_thread(lambda page=recorded: book.apply(page))  # type: ignore[misc]
            self.well(self._write)

    async def _stir(self, book: Book[Schema]) -> None:
        """The server hears of this writer again and again, and takes one that stands still for gone."""
        while True:
            await asyncio.sleep(STIR_S)
            await self.in_thread(lambda: book.store.connection.execute("SELECT 1"))
            self.well(self._write)

    def _taken(self) -> Book[Schema] | None:
        """The session that stands by is kept, and becomes the one that writes."""
        if self._line is None or self._line.closed:
            self._line = session(self.database)
        if not taken(self._line, self.database.schema):
            return None
        line, self._line = self._line, None
        return begun(self.database, line, self.pages(), self.incarnation)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """In the one thread of this process that writes views."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # --- hearing ---

    async def _watch(self) -> None:
        async with await AsyncConnection.connect(self.database.url, **self.database.how) as line:
            await line.execute(SQL("LISTEN {}").format(Identifier(self.database.schema)))
            while True:
                await self._look()
                self.well(self._watch)
                async for _ in line.notifies(timeout=POLL_S, stop_after=1):
                    pass

    async def _look(self) -> None:
        """Tell what has changed since the last time; at the first time only how far they are."""
        now, rows, is_written = await asyncio.to_thread(self._seen)
        self.position = min(self.position, now)  # dropped, or begun anew
        if now > self.position:
            await self._tell(now, rows)
        elif is_written:
            self.alive()
        self._told = max(self._told, self.position)

    def _seen(self) -> Seen:
        try:
            with self.readers.connect() as connection:
                if views.incarnation(connection) != self.incarnation:
                    return NOTHING
                now = views.position(connection)
                return Seen(now, self._news(connection, now), written(connection, self.database.schema))
        except SQLAlchemyError as error:
            if views.is_missing(error.__cause__):
                return NOTHING
            raise

    def _news(self, connection: Connection, now: int) -> Changes | None:
        """What nobody was told of."""
        return views.changes_after(connection, self._told) if 0 <= self._told < now else []

    async def _tell(self, now: int, rows: Changes | None) -> None:
        if rows is None:
            await self._tell_by_the_log(now)
        else:
            self.tell(announced(now, rows))

    async def _tell_by_the_log(self, now: int) -> None:
        while self.position < now:
            limit = min(PAGE, now - self.position)
            news = await self.log.read_all(after=self.position, limit=limit)
            self.tell(announcement_of(news, [conversation_named(one.event) for one in news]))

    # --- what belongs to all ---

    async def do(self, step: Callable[[Cursor], object]) -> None:
        """A change of rows that no fact brings about."""

        def done() -> None:
            store = Schema(self.database.schema, session(self.database))
            try:
                with transaction(store) as cursor:
                    cursor.execute(NOT_WHILE_REWRITTEN)
                    step(cursor)
            finally:
                store.close()

        await asyncio.to_thread(done)

    async def everywhere(self, position: int, *, patience: float) -> None:
        """Return when every set of views has passed `position`: these and those of other versions of the hub. Those being built are in.

        What was left by whoever wrote it is dropped: whoever needs it builds it anew (record rule 20).
        """
        await self.reached(position, patience=patience)
        async with asyncio.timeout(patience):
            free: Free = {}
            while not await asyncio.to_thread(passed, self.database, position, free):  # noqa: ASYNC110
                await asyncio.sleep(POLL_S / 4)

    async def tidy(self) -> None:
        free: Free = {}
        await asyncio.to_thread(passed, self.database, 0, free)
        while free:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(passed, self.database, 0, free)

    async def scrub(self) -> None:
        """Overwrite what was deleted (record rule 21)."""
        await asyncio.to_thread(rewrite, self.database, self.pages())

    def close(self) -> None:
        """After `run` has ended."""
        self._thread.submit(self._hang_up).result()
        self._thread.shutdown(wait=True)
        self.readers.dispose()


def announced(position: int, rows: Sequence[dict[str, Any]]) -> Announcement:
    """From the changes that were kept."""
    conversations = {row["conversation"] for row in rows if row["conversation"]}
    return Announcement(
        position=Position(position),
        conversations=frozenset(ConversationId(UUID(one)) for one in conversations),
        customers=frozenset(CustomerId(UUID(one)) for one in {row["stream"] for row in rows}),
        kinds=frozenset(row["kind"] for row in rows),
    )


async def until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """All of them at once. Raises what the first that ended raised, the others cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        for ended in (await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))[0]:
            ended.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
