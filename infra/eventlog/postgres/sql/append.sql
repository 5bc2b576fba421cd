-- A batch in one call (docs/decisions/0030-a-plan-is-verified-under-the-lock.md).
--
-- The caller planned the batch upon what it believes of every stream, key and mark that the batch names. Under the head
-- lock that belief is compared with what is so. Where it holds, everything is written; where not, nothing is, and the
-- answer tells what is so.
--
-- streams 1 … trusted are known as of `known_revision`: while that is still the head's, they need no look.
-- New positions are given as distances from the head, so that they fit wherever the head is by now.
--
-- Processes of two versions may call it at the same time, so a change gets the next number and this one stays.

CREATE OR REPLACE FUNCTION log.append_1(
    known_revision bigint,
    trusted integer,
    moment bigint,             -- µs since 1970, UTC; negative: this server's clock, read under the lock
    streams uuid[],            -- belief: where each stream stands
    versions bigint[],
    once_keys bytea[],         -- belief: the position recorded with each key; -1: never seen
    once_positions bigint[],
    claim_keys bytea[],        -- belief: who holds each key; null: nobody
    claim_holders uuid[],
    mark_names text[],         -- belief: the value of each mark; null: it does not exist
    mark_values text[],
    event_streams uuid[],      -- to write, in the order of their positions
    event_versions bigint[],
    event_names text[],
    event_rests bytea[],       -- the stored bytes without tag and moment
    new_once_keys bytea[],
    new_once_distances bigint[],  -- 0: recorded without an event
    new_claim_keys bytea[],
    new_claim_holders uuid[],  -- null: released
    new_mark_names text[],
    new_mark_values text[],
    OUT is_so boolean,
    OUT head_position bigint,  -- both as they were before this batch
    OUT head_revision bigint,
    OUT known_versions bigint[],
    OUT known_once bigint[],
    OUT known_claims uuid[],
    OUT known_marks text[]
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $body$
DECLARE
    last_moment bigint;
    first_to_check integer := 1;
    stamp bytea;
BEGIN
    SELECT h.position, h.recorded_at, h.revision INTO STRICT head_position, last_moment, head_revision
        FROM log.head h FOR UPDATE;

    IF head_revision = known_revision THEN
        first_to_check := trusted + 1;
    END IF;
    IF cardinality(streams) >= first_to_check THEN
        SELECT array_agg(coalesce((
                SELECT e.originator_version FROM log.stored_events e WHERE e.originator_id = s.stream
                ORDER BY e.originator_version DESC LIMIT 1), 0) ORDER BY s.nth)
            INTO known_versions
            FROM unnest(streams[first_to_check:]) WITH ORDINALITY s (stream, nth);
    END IF;
    known_versions := versions[:first_to_check - 1] || coalesce(known_versions, '{}');
    IF cardinality(once_keys) > 0 THEN
        SELECT array_agg(coalesce((SELECT o.position FROM log.once o WHERE o.key = k.key), -1) ORDER BY k.nth)
            INTO known_once FROM unnest(once_keys) WITH ORDINALITY k (key, nth);
    END IF;
    IF cardinality(claim_keys) > 0 THEN
        SELECT array_agg((SELECT c.stream FROM log.claims c WHERE c.key = k.key) ORDER BY k.nth)
            INTO known_claims FROM unnest(claim_keys) WITH ORDINALITY k (key, nth);
    END IF;
    IF cardinality(mark_names) > 0 THEN
        SELECT array_agg((SELECT m.value FROM log.marks m WHERE m.name = n.name) ORDER BY n.nth)
            INTO known_marks FROM unnest(mark_names) WITH ORDINALITY n (name, nth);
    END IF;

    known_once := coalesce(known_once, '{}');
    known_claims := coalesce(known_claims, '{}');
    known_marks := coalesce(known_marks, '{}');
    is_so := known_versions = versions AND known_once = once_positions
        AND known_claims = claim_holders AND known_marks = mark_values;
    IF NOT is_so OR cardinality(event_streams) + cardinality(new_once_keys)
            + cardinality(new_claim_keys) + cardinality(new_mark_names) = 0 THEN
        RETURN;
    END IF;
    known_versions := NULL;  -- nobody asks any more
    known_once := NULL;
    known_claims := NULL;
    known_marks := NULL;

    last_moment := greatest(last_moment, CASE WHEN moment < 0
        THEN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint ELSE moment END);
    IF cardinality(event_streams) > 0 THEN
        stamp := '\x01'::bytea || int8send(last_moment);
        INSERT INTO log.stored_events (originator_id, originator_version, topic, state, notification_id)
            SELECT e.stream, e.version, e.name, stamp || e.rest, head_position + e.nth
            FROM unnest(event_streams, event_versions, event_names, event_rests)
                WITH ORDINALITY e (stream, version, name, rest, nth);
        PERFORM pg_notify('amends_log', (head_position + cardinality(event_streams))::text);
    END IF;
    IF cardinality(new_once_keys) > 0 THEN
        INSERT INTO log.once (key, position)
            SELECT k.key, CASE k.distance WHEN 0 THEN 0 ELSE head_position + k.distance END
            FROM unnest(new_once_keys, new_once_distances) k (key, distance);
    END IF;
    IF cardinality(new_claim_keys) > 0 THEN
        DELETE FROM log.claims c USING unnest(new_claim_keys, new_claim_holders) k (key, holder)
            WHERE c.key = k.key AND k.holder IS NULL;
        INSERT INTO log.claims (key, stream)
            SELECT k.key, k.holder FROM unnest(new_claim_keys, new_claim_holders) k (key, holder)
            WHERE k.holder IS NOT NULL
            ON CONFLICT (key) DO UPDATE SET stream = excluded.stream;
    END IF;
    IF cardinality(new_mark_names) > 0 THEN
        INSERT INTO log.marks (name, value)
            SELECT m.name, m.value FROM unnest(new_mark_names, new_mark_values) m (name, value)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    END IF;
    UPDATE log.head SET position = head_position + cardinality(event_streams), recorded_at = last_moment,
        revision = head_revision + 1;
END
$body$;
