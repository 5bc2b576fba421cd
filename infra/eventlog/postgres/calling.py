"""The call of `log.append_1`, by libpq itself: what psycopg does for any statement takes longer than a small batch does.

Arguments and answer are in the binary form. The statement is prepared once for each connection.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import Connection, errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

from infra.eventlog.postgres import statements
from infra.eventlog.postgres.believing import Reply

NAME: Final = b"append"
BIGINT, INTEGER, BIGINTS, BYTEAS, TEXTS, UUIDS = 20, 23, 1016, 1001, 1009, 2951
BELIEF: Final = (UUIDS, BIGINTS, BYTEAS, BIGINTS, BYTEAS, UUIDS, TEXTS, TEXTS)
EVENTS: Final = (UUIDS, BIGINTS, TEXTS, BYTEAS)
OTHERS: Final = (BYTEAS, BIGINTS, BYTEAS, UUIDS, TEXTS, TEXTS)
TYPES: Final = (BIGINT, INTEGER, BIGINT, *BELIEF, *EVENTS, *OTHERS)
FORMATS: Final = (Format.BINARY,) * len(TYPES)


def prepare(connection: Connection) -> None:
    """Raises `psycopg.Error`."""
    checked(connection, connection.pgconn.prepare(NAME, statements.APPEND.encode(), TYPES))


def call(connection: Connection, arguments: list[bytes]) -> Reply:
    """Raises `psycopg.Error`; an `OperationalError` without a state means that nobody knows what became of it."""
    result = connection.pgconn.exec_prepared(NAME, arguments, FORMATS, Format.BINARY)
    checked(connection, result)
    if result.get_value(0, 3) is not None:
        return _whole(connection, result)
    is_so, position, revision = (result.get_value(0, nth) or b"" for nth in range(3))
    return Reply(is_so == b"\x01", int.from_bytes(position), int.from_bytes(revision))


def checked(connection: Connection, result: PGresult) -> None:
    """Without a state it is libpq itself that speaks: it could not send, and may still take the connection for a good one."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return
    if connection.pgconn.status != ConnStatus.OK or result.error_field(DiagnosticField.SQLSTATE) is None:
        raise psycopg.OperationalError(result.get_error_message())
    raise errors.error_from_result(result)


def _whole(connection: Connection, result: PGresult) -> Reply:
    reading = Transformer(connection)
    reading.set_pgresult(result)
    (reply,) = reading.load_rows(0, 1, Reply._make)
    return reply
