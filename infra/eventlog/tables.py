"""The log's tables. `stored_events` is the eventsourcing library's, with a position of our own (record rules 4, 6)."""

from __future__ import annotations

from typing import Final

EVENTS: Final = """CREATE TABLE IF NOT EXISTS stored_events (
    position INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version))"""

HEAD: Final = """CREATE TABLE IF NOT EXISTS head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    workspace TEXT NOT NULL)"""

ONCE: Final = (
    "CREATE TABLE IF NOT EXISTS once (key BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID"
)

CLAIMS: Final = "CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, stream TEXT NOT NULL) WITHOUT ROWID"
CLAIMS_BY_STREAM: Final = "CREATE INDEX IF NOT EXISTS claims_by_stream ON claims (stream)"

MARKS: Final = "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

ALL: Final = (EVENTS, HEAD, ONCE, CLAIMS, CLAIMS_BY_STREAM, MARKS)

ANYTHING: Final = "SELECT 1 FROM sqlite_master LIMIT 1"
SELECT_HEAD: Final = "SELECT position, recorded_at FROM head"
SELECT_IDENTITY: Final = "SELECT incarnation, workspace FROM head"
CREATE_HEAD: Final = "INSERT OR IGNORE INTO head VALUES (1, 0, 0, ?, ?)"
MOVE_HEAD: Final = "UPDATE head SET position = ?, recorded_at = ?"
NEW_INCARNATION: Final = "UPDATE head SET incarnation = ?"

ROW: Final = "position, originator_id, originator_version, topic, state"
SELECT_ALL: Final = f"SELECT {ROW} FROM stored_events WHERE position > ? ORDER BY position LIMIT ?"
SELECT_STREAM: Final = f"SELECT {ROW} FROM stored_events WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
SELECT_ONE: Final = (
    "SELECT position, state FROM stored_events WHERE originator_id = ? AND originator_version = ?"
)
SELECT_NAMED: Final = f"""SELECT {ROW} FROM stored_events
    WHERE position > ? AND position <= ? AND topic IN (SELECT value FROM json_each(?)) ORDER BY position"""
COUNT: Final = "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM stored_events"
BROKEN: Final = """SELECT originator_id, count(*), min(originator_version), max(originator_version)
    FROM stored_events GROUP BY originator_id
    HAVING count(*) <> max(originator_version) OR min(originator_version) <> 1"""
SELECT_VERSIONS: Final = """SELECT value, (SELECT MAX(originator_version) FROM stored_events WHERE originator_id = value)
    FROM json_each(?)"""
SELECT_VERSION: Final = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
SELECT_ONCE: Final = "SELECT key, position FROM once WHERE key IN ({keys})"
SELECT_CLAIMS: Final = "SELECT key, stream FROM claims WHERE key IN ({keys})"
SELECT_CLAIMS_OF: Final = "SELECT key FROM claims WHERE stream = ? ORDER BY key"
SELECT_MARKS: Final = "SELECT name, value FROM marks WHERE name IN (SELECT value FROM json_each(?))"
SELECT_MARK: Final = "SELECT value FROM marks WHERE name = ?"

INSERT_EVENTS: Final = "INSERT INTO stored_events VALUES "
INSERT_ONCE: Final = "INSERT INTO once VALUES "
PUT_CLAIM: Final = "INSERT OR REPLACE INTO claims VALUES (?, ?)"
DROP_CLAIM: Final = "DELETE FROM claims WHERE key = ?"
PUT_MARK: Final = "INSERT OR REPLACE INTO marks VALUES (?, ?)"
