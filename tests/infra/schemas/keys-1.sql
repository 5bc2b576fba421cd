-- The first schema of keys. It never changes.
CREATE TABLE data_keys (
    slot INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 60),
    made_at INTEGER NOT NULL
);
