"""What is asked of the log's tables (record rules 4, 6). The tables and the append function are in `sql/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "sql"
CREATE: Final = tuple((HERE / name).read_text("utf-8") for name in ("tables.sql", "append.sql"))
EXISTS: Final = "SELECT to_regclass('log.head') IS NOT NULL AND to_regproc('log.append_1') IS NOT NULL"
ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('amends log tables'))"
COMING: Final = "coming:"
"""Before the incarnation of a record that is still being copied into this database."""
PUBLIC: Final = "amends_log"
"""The channel on which each commit of events is announced, with the head as its text."""

APPEND: Final = f"SELECT * FROM log.append_1({', '.join(f'${nth}' for nth in range(1, 22))})"
LOCK_HEAD: Final = "SELECT position, revision FROM log.head FOR UPDATE"

SELECT_HEAD: Final = "SELECT position FROM log.head"
SELECT_IDENTITY: Final = "SELECT incarnation, workspace FROM log.head"
NEW_INCARNATION: Final = "UPDATE log.head SET incarnation = %s"

ROW: Final = "notification_id, encode(uuid_send(originator_id), 'hex'), originator_version, topic, state"
PAGE: Final = """SELECT {row} FROM (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY {order}) - octet_length(state) AS before FROM (
        SELECT * FROM log.stored_events WHERE {where} ORDER BY {order} LIMIT %s) AS page) AS measured
    WHERE before < %s ORDER BY {order}"""
"""A page ends where it has grown too large; it holds one row at least. Sizes are known without reading the values."""
SELECT_ALL: Final = PAGE.format(row=ROW, where="notification_id > %s", order="notification_id")
SELECT_STREAM: Final = PAGE.format(
    row=ROW, where="originator_id = %s AND originator_version > %s", order="originator_version"
)
SELECT_NAMED: Final = f"""SELECT {ROW} FROM log.stored_events
    WHERE notification_id > %s AND notification_id <= %s AND topic = ANY(%s) ORDER BY notification_id"""
COUNT: Final = "SELECT count(*), coalesce(min(notification_id), 1), coalesce(max(notification_id), 0) FROM log.stored_events"
BROKEN: Final = """SELECT originator_id::text, count(*), min(originator_version), max(originator_version)
    FROM log.stored_events GROUP BY originator_id
    HAVING count(*) <> max(originator_version) OR min(originator_version) <> 1"""
SELECT_PLACES: Final = """SELECT e.notification_id, substring(e.state FROM 10 FOR 16)
    FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS asked (stream, version, nth)
    JOIN log.stored_events e ON e.originator_id = asked.stream AND e.originator_version = asked.version
    ORDER BY asked.nth"""
SELECT_VERSION: Final = "SELECT max(originator_version) FROM log.stored_events WHERE originator_id = %s"
SELECT_ONCE: Final = "SELECT position FROM log.once WHERE key = %s"
SELECT_CLAIM: Final = "SELECT stream FROM log.claims WHERE key = %s"
SELECT_CLAIMS_OF: Final = "SELECT key FROM log.claims WHERE stream = %s ORDER BY key"
SELECT_MARK: Final = "SELECT value FROM log.marks WHERE name = %s"

PUT_MARK: Final = """INSERT INTO log.marks (name, value) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
