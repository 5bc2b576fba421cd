"""What all views have in common: which projections there are and how far each has come, and what changed lately."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from hub.app.ports import TablesAway
from projections.dialect import Cursor
from projections.projection import Projection

T = TypeVar("T")

KEPT_CHANGES = 10_000
"""How many positions back a socket can catch up; further back it reloads."""

metadata = MetaData()

projections = Table(
    "projections",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("incarnation", String, nullable=False),
)
"""How far the rows of each projection reach, written with the rows; `incarnation` is the log's (record rule 6)."""

poison = Table(
    "poison",
    metadata,
    Column("projection", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", String, nullable=False),
)
"""Events that a projection could not take in; shown, and taken again by a rebuild."""

changes = Table(
    "changes",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("conversation", String),
    Index("changes_by_stream", "stream"),
)

Readers: TypeAlias = Engine
"""Read-only connections to one set of views."""


AWAY = "The database can't be asked just now ({why}). Start it, or check AMENDS_DATABASE_URL; the hub then goes on by itself."


MISSING: Final = """The views are not in the database just now. Some process with the role project has to run, and makes them;
the hub then goes on by itself.""".replace("\n", " ")


def asked(readers: Readers, question: Callable[[Connection], T]) -> T:
    """One question, of one moment. Raises `TablesAway` where the views are in a database that does not answer, or has none."""
    try:
        with readers.connect() as connection:
            return question(connection)
    except DBAPIError as trouble:
        if readers.dialect.name == "sqlite":
            raise
        if is_missing(trouble.orig):
            raise TablesAway(MISSING) from trouble
        if isinstance(trouble, OperationalError | InterfaceError):
            raise TablesAway(AWAY.format(why=type(trouble.orig).__name__)) from trouble
        raise


def is_missing(trouble: BaseException | None) -> bool:
    """Whether PostgreSQL says that there is no such table or schema."""
    return getattr(trouble, "sqlstate", None) in {"42P01", "3F000"}


def prepare(cursor: Cursor, pages: Sequence[Projection], incarnation: str) -> None:
    """Tables for every projection; one of another version or incarnation starts again from nothing."""
    for table in metadata.sorted_tables:
        cursor.create(table)
    for page in pages:
        if standing(cursor, page.name) != (page.version, incarnation):
            begin_anew(cursor, page, incarnation)


def standing(cursor: Cursor, name: str) -> tuple[int, str] | None:
    rows = cursor.run(STANDING_OF, {"name": name})
    return None if not rows else (rows[0][0], rows[0][1])


STANDING_OF = select(projections.c.version, projections.c.incarnation).where(
    projections.c.name == bindparam("name")
)


def begin_anew(cursor: Cursor, page: Projection, incarnation: str) -> None:
    for table in page.tables:
        cursor.execute(f"DROP TABLE IF EXISTS {table.name}")
        cursor.create(table, page.virtual.get(table, ()))
    cursor.run(delete(poison).where(poison.c.projection == bindparam("name")), {"name": page.name})
    cursor.run(delete(changes))
    stands = {"version": page.version, "position": 0, "incarnation": incarnation}
    cursor.write(
        projections, "upsert", tuple((name, None) for name in stands), [(page.name, *stands.values())]
    )


def positions(cursor: Cursor) -> dict[str, int]:
    """How far each projection has come."""
    return {name: position for name, position in cursor.run(POSITIONS)}  # noqa: C416 - rows of a driver


POSITIONS = select(projections.c.name, projections.c.position).with_for_update()
"""Locked where several processes may write; a file has one."""
PRUNE = delete(changes).where(changes.c.position <= bindparam("position"))
"""Changes that nobody can catch up from any more."""


def position(connection: Connection) -> int:
    """The position that every answer on this connection has at least reached."""
    return int(connection.exec_driver_sql("SELECT coalesce(min(position), 0) FROM projections").scalar_one())


def incarnation(connection: Connection) -> str:
    """Of the log that the rows come from; clients that carry another reload."""
    return str(
        connection.exec_driver_sql("SELECT coalesce(max(incarnation), '') FROM projections").scalar_one()
    )


class Standing(NamedTuple):
    """How far the rows of one projection reach, and how many events it could not take in."""

    name: str
    position: int
    parked: int


def standings(connection: Connection) -> list[Standing]:
    """Of every projection, by name."""
    parked = select(func.count()).where(poison.c.projection == projections.c.name).scalar_subquery()
    query = select(projections.c.name, projections.c.position, parked).order_by(projections.c.name)
    return [Standing(*row) for row in connection.execute(query)]


def parked_events(connection: Connection) -> list[dict[str, Any]]:
    """What projections could not take in, newest first."""
    rows = connection.execute(select(poison).order_by(poison.c.position.desc()).limit(1000))
    return [dict(row) for row in rows.mappings()]


def changes_after(connection: Connection, after: int) -> list[dict[str, Any]] | None:
    """Each position after `after` with its stream, conversation and event name; None: too long ago, reload."""
    now = position(connection)
    if after > now or after < now - KEPT_CHANGES:
        return None
    rows = [dict(row) for row in connection.execute(since(after)).mappings()]
    return rows if len(rows) == now - after else None


def since(after: int) -> Any:
    return select(changes).where(changes.c.position > after).order_by(changes.c.position)
