"""After a database was restored by PostgreSQL's own means: the erased stay erased, and nothing is sent until somebody says so.

What `infra.restore` does for a data folder (record rules 19 and 25).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from psycopg.sql import SQL, Identifier

from infra.backup import BackupProblem
from infra.desktables.file import POSTGRES
from infra.erasures import Doomed, ErasureList, list_beside
from infra.eventlog.postgres import statements
from infra.eventlog.postgres.connecting import connected, refuse_hubs
from infra.keys.opening import open_postgres_keys
from infra.postgres_rows import PostgresRows
from infra.restore import PAUSED, WAITING, Restored, doomed_of
from infra.rows import Database

VIEWS: Final = """SELECT nspname FROM pg_namespace
    WHERE obj_description(oid, 'pg_namespace') LIKE 'views of Amends;%'"""
"""As `projections.postgres.store` marks them."""


async def restored(
    url: str,
    data: Path,
    vault: Path,
    master: Path,
    *,
    without_erasures: bool = False,
    tell: Callable[[str], object] = print,
) -> Restored:
    """Make the restored database one that hubs may start on. No hub may run. Does no harm when it is done again.

    Raises `BackupProblem` when the list of erasures is missing, `DatabaseInUse`, `MasterKeyProblem`, `TablesAway`.
    """
    refuse_hubs(url)
    doomed = doomed_of(master, without_erasures)
    _begin(url)
    keys = open_postgres_keys(url, master, data=data, tell=tell)
    try:
        await keys.destroy({str(name) for one in doomed for name in (*one.streams, *one.blobs)})
        await keys.scrub()
    finally:
        keys.close()
    _forget(url, vault, doomed)
    if doomed:
        ErasureList(list_beside(master)).again()
    _drop_views(url)
    return _renewed(url, len(doomed))


def _begin(url: str) -> None:
    """Whatever comes in between, and whoever starts a hub too early: letters wait. Raises `BackupProblem` for half a copy."""
    with connected(url) as connection, connection.transaction():
        identity = connection.execute(statements.SELECT_IDENTITY).fetchone()
        if identity and str(identity[0]).startswith(statements.COMING):
            raise BackupProblem(
                "This record is half of a copy. Run amends copy again until it says that it is done."
            )
        connection.execute(statements.PUT_MARK, (PAUSED, WAITING))


def _drop_views(url: str) -> None:
    """They may show what was erased since, and they are built anew anyway."""
    with connected(url) as connection:
        for (schema,) in connection.execute(VIEWS).fetchall():
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


def _forget(url: str, vault: Path, doomed: Sequence[Doomed]) -> None:
    """Blobs and drafts of erased people, and every session."""
    for blob in {blob for one in doomed for blob in one.blobs}:
        (vault / blob[:2] / blob[2:]).unlink(missing_ok=True)
    streams = [(str(stream),) for one in doomed for stream in one.streams]

    def forget(db: Database) -> None:
        db.executemany("DELETE FROM drafts WHERE customer = ?", streams)
        db.execute("DELETE FROM sessions")

    rows = PostgresRows(url, "desk", POSTGRES)
    try:
        rows.do_now(forget)
    finally:
        rows.close()


def _renewed(url: str, erased: int) -> Restored:
    """A new incarnation, so that nobody goes on from positions that were lost; and letters wait."""
    fresh = uuid4().hex
    with connected(url) as connection, connection.transaction():
        connection.execute(statements.NEW_INCARNATION, (fresh,))
        connection.execute(statements.PUT_MARK, (PAUSED, WAITING))
        row = connection.execute(statements.SELECT_HEAD).fetchone()
    return Restored(position=row[0] if row else 0, incarnation=fresh, erased=erased)
