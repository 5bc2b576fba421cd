"""A connection that comes back by itself, and what the database's errors mean for the log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg
from psycopg import Connection, errors

from hub.app.ports import LogStopped
from infra.db import UnsafeStore
from infra.eventlog.stopped import LogAway, LogBusy, LogFull

PATIENCE: Final = 30.0
"""Seconds that the database may be away before those who wait are told."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
NOTICE_LOSS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A peer that vanished without a word is noticed within seconds, not hours."""
IMPATIENT: Final[Mapping[str, Any]] = {**NOTICE_LOSS, "connect_timeout": 2, "tcp_user_timeout": 1_000}
"""For single rows that somebody may wait for in the event loop."""
WRITING: Final = """SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET idle_in_transaction_session_timeout = '10s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"""
"""The append function looks anew after it got the lock; under a fixed snapshot it could not. And when this machine falls
silent with the lock in its hand, the server takes it back within seconds."""
READING: Final = "SET default_transaction_read_only = on"
SEND_AWAY: Final = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE application_name = %s AND pid <> pg_backend_pid()"""
"""What is left of an earlier connection of this line may still hold the lock, or have a statement on its way."""
LOOKS: Final = 20
"""How often one looks, within a second, whether other sessions have ended."""
OURS: Final = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'amends log %'"""
LEAST: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
PROMISES: Final = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"

AWAY: Final = "The database can't be reached ({why}). Start it, or check AMENDS_DATABASE_URL; the log then goes on by itself."
PASSING: Final[dict[type[psycopg.Error], LogStopped]] = {
    errors.DiskFull: LogFull("The database's disk is full. Free some space; the log then goes on by itself."),
    errors.QueryCanceled: LogBusy("The database gave up what the log asked for. The log goes on by itself."),
    errors.LockNotAvailable: LogBusy("Another session holds the log's lock. End it; the log then goes on."),
    errors.DeadlockDetected: LogBusy("Another session got in the log's way. The log goes on by itself."),
    errors.ReadOnlySqlTransaction: LogBusy(
        "The database only reads just now (a standby?). Name the primary."
    ),
    errors.OutOfMemory: LogBusy("The database is out of memory. The log goes on by itself."),
}


class Line:
    """One connection, used by one thread at a time. Made when first needed, and again after it broke."""

    def __init__(
        self,
        url: str,
        patience: float = PATIENCE,
        manner: LiteralString = WRITING,
        options: Mapping[str, Any] = NOTICE_LOSS,
    ) -> None:
        self._url = url
        self._options = options
        self._patience = patience
        self._manner: LiteralString = manner
        self._name = f"amends log {uuid4().hex}"
        self._failing_since: float | None = None
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """Open, as far as one knows. Raises `LogAway` when the database stays away; then each call tries once."""
        pause = FIRST_PAUSE
        while self._connection is None or self._connection.closed:
            try:
                self._connection = self._connected()
            except psycopg.OperationalError as why:
                self._give_up_in_time(why)
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._failing_since = None
        return self._connection

    def drop(self) -> None:
        """Whatever state it was in."""
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def stopping(self, lost: type[Exception]) -> Iterator[None]:
        """The database's errors in the log's words; a lost connection is dropped and becomes `lost`."""
        try:
            yield
        except psycopg.Error as error:
            if is_lost(error):
                self.drop()
                raise lost(str(error)) from error
            raise stopped_by(error) from error

    def _connected(self) -> Connection:
        connection = connected(self._url, self._manner, self._name, self._options)
        if self._connection is not None:
            connection.execute(SEND_AWAY, (self._name,))
        return connection

    def _give_up_in_time(self, why: psycopg.Error) -> None:
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= self._patience:
            raise LogAway(AWAY.format(why=str(why).strip())) from why


def connected(
    url: str,
    manner: LiteralString = WRITING,
    name: str = "amends",
    options: Mapping[str, Any] = NOTICE_LOSS,
) -> Connection:
    """Raises `psycopg.OperationalError`."""
    connection = psycopg.connect(url, autocommit=True, application_name=name, **options)
    try:
        connection.execute(manner)
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_unsafe(connection: Connection) -> None:
    """Raises `UnsafeStore` when this server may lose what it acknowledged (record rule 1)."""
    for name, setting in connection.execute(PROMISES, (list(LEAST),)):
        if setting == "off":
            raise UnsafeStore(
                f"PostgreSQL runs with {name} = off and may lose acknowledged events. "
                f"Set {name} = {LEAST[name]} in postgresql.conf, reload it, then start again."
            )


class DatabaseInUse(OSError):
    """Hubs work on this database just now; the message says so."""


def refuse_hubs(url: str) -> None:
    """Raises `DatabaseInUse` while some process of ours is connected. Ask before connecting oneself.

    The server takes a moment to see that a hub which was just stopped is gone.
    """
    with connected(url) as connection:
        for _ in range(LOOKS):
            if connection.execute(OURS).fetchone() == (0,):
                return
            time.sleep(LONGEST_PAUSE / LOOKS)
    raise DatabaseInUse("Hubs are at work on this database. Stop every one of them, then try again.")


def is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, so that nobody knows what became of the statement."""
    fatal = error.diag.severity_nonlocalized in {"FATAL", "PANIC"}
    return fatal or (isinstance(error, psycopg.OperationalError) and not error.sqlstate)


def stopped_by(error: psycopg.Error) -> LogStopped:
    passing = PASSING.get(type(error))
    if passing:
        return type(passing)(*passing.args)
    return LogStopped(
        f"The database does not serve the log any more ({error}). Check the database, then start again."
    )
