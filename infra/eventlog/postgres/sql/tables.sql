-- The log's tables. log.stored_events is the eventsourcing library's, but its notification_id has no sequence behind it:
-- positions come from the head row alone, so a foreign writer fails (record rules 4 and 6).

CREATE SCHEMA IF NOT EXISTS log;

CREATE TABLE IF NOT EXISTS log.stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx ON log.stored_events (notification_id);

-- What is compressed and encrypted already is not worth a second try.
ALTER TABLE log.stored_events ALTER COLUMN state SET STORAGE EXTERNAL;

-- revision grows with every batch that writes anything, whether events or only claims and marks.
-- The low fillfactor lets each new version of the row stay on its page.
CREATE TABLE IF NOT EXISTS log.head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL DEFAULT 0,
    recorded_at bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    incarnation text NOT NULL,
    workspace uuid NOT NULL
) WITH (fillfactor = 10);
INSERT INTO log.head (incarnation, workspace)
    VALUES (replace(gen_random_uuid()::text, '-', ''), gen_random_uuid())
    ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS log.once (key bytea PRIMARY KEY, position bigint NOT NULL);

CREATE TABLE IF NOT EXISTS log.claims (key bytea PRIMARY KEY, stream uuid NOT NULL);
CREATE INDEX IF NOT EXISTS claims_by_stream ON log.claims (stream);

CREATE TABLE IF NOT EXISTS log.marks (name text PRIMARY KEY, value text NOT NULL);
