-- The first schema of log. It never changes.
CREATE TABLE stored_events (
    position INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version));
CREATE TABLE head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    workspace TEXT NOT NULL);
CREATE TABLE once (key BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE claims (key BLOB PRIMARY KEY, stream TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX claims_by_stream ON claims (stream);
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
