-- The first schema of desk. It never changes.
CREATE TABLE credentials (agent TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, secret_hash TEXT NOT NULL);
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY, agent TEXT NOT NULL, csrf TEXT NOT NULL,
    created_at REAL NOT NULL, seen_at REAL NOT NULL
);
CREATE INDEX sessions_of_agent ON sessions (agent);
CREATE TABLE drafts (
    agent TEXT NOT NULL, conversation TEXT NOT NULL, customer TEXT NOT NULL,
    sealed BLOB NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY (agent, conversation)
);
CREATE INDEX drafts_of_conversation ON drafts (conversation);
CREATE INDEX drafts_of_customer ON drafts (customer);
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, until REAL NOT NULL);
CREATE TABLE answers (
    key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, ids TEXT NOT NULL, kept_at REAL NOT NULL
);
CREATE INDEX answers_by_age ON answers (kept_at);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
