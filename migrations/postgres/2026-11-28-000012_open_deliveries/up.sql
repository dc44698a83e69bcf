-- What moves while a delivery is open, apart from the log: a row for each delivery that is not final, gone when it is. The
-- log's row is written when the delivery is recorded and once more when it has ended. "due_at" and "holder" of the log are
-- unused from here on.
CREATE TABLE open_deliveries (
    delivery_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation_id TEXT COLLATE "C" NOT NULL,
    hook_id TEXT COLLATE "C" NOT NULL,
    probe BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    -- When the next attempt is due; NULL while it is held for a paused hook.
    due_at BIGINT,
    -- The instance that will send it; NULL when nobody holds it.
    holder TEXT COLLATE "C",
    -- What it had come to when someone sent it again, and when it had arrived; NULL while nobody did that.
    status_before TEXT,
    arrived_before BIGINT,
    next_trigger TEXT NOT NULL,
    automatic_tries INTEGER NOT NULL,
    manual_tries INTEGER NOT NULL,
    rotation_tries INTEGER NOT NULL,
    sent_at BIGINT,
    response_status INTEGER,
    last_class TEXT,
    updated_at BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 200, fillfactor = 70);

-- Whatever is asked of open deliveries is asked hook by hook: what is free and due, what an instance holds, what is held.
CREATE INDEX open_deliveries_by_hook ON open_deliveries (hook_id, holder, due_at, delivery_id);

-- Which exports to a hook are in progress is asked before it is deleted.
CREATE INDEX exports_by_hook ON exports (hook_id);

-- The end of a delivery changes no indexed column, so that its new row fits beside the old one.
ALTER TABLE deliveries SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02);

-- What each number of the generation changed, so that whoever reads a newer one forgets and looks at that alone: a delivery or
-- a hook of an organisation, what belongs to the organisation, or, where all is NULL, everything.
CREATE TABLE changes (
    seq BIGINT NOT NULL,
    place INTEGER NOT NULL,
    organisation_id TEXT,
    hook_id TEXT,
    delivery_id TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (seq, place)
);

-- A receiver that is gone for good, and whose webhook could not be disabled at once because somebody was changing it.
ALTER TABLE hook_health ADD COLUMN gone_at BIGINT;
