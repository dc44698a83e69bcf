-- No foreign keys between these: they are written together by one function, and each look-up would be paid per delivery.

CREATE TABLE instances (
    id TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL
);

-- One row: raised by whatever changes what instances keep in memory.
CREATE TABLE generation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);

INSERT INTO generation (id, value) VALUES (1, 1);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT,
    occurred_at BIGINT NOT NULL,
    probe BOOLEAN NOT NULL,
    -- How many hooks its route held; 0 is an event that matched none.
    deliveries INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX events_by_organisation ON events (organisation_id, mode, created_at, id);

CREATE TABLE event_bodies (
    event_id TEXT NOT NULL,
    field_set TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (event_id, field_set)
);

CREATE TABLE event_candidates (
    candidate_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (candidate_id, event_id)
);

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL,
    hook_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    kind TEXT NOT NULL,
    probe BOOLEAN NOT NULL,
    field_set TEXT NOT NULL,
    status TEXT NOT NULL,
    -- When the next try is due; NULL when final, or held for a paused hook.
    due_at BIGINT,
    -- What it had come to when someone sent it again, and when it had arrived; NULL while nobody did that.
    status_before TEXT,
    arrived_before BIGINT,
    next_trigger TEXT NOT NULL,
    automatic_tries INTEGER NOT NULL,
    manual_tries INTEGER NOT NULL,
    sent_at BIGINT,
    completed_at BIGINT,
    response_status INTEGER,
    last_class TEXT,
    -- The instance that will send it; NULL when nobody holds it.
    holder TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX deliveries_by_organisation ON deliveries (organisation_id, mode, created_at, id);
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, created_at, id);
CREATE INDEX deliveries_by_event ON deliveries (event_id);
-- What is owed to a hook, held for it or due: few rows beside millions that are done.
CREATE INDEX deliveries_owed ON deliveries (hook_id, holder, due_at, id) WHERE completed_at IS NULL;
-- What a hook missed while it was disabled, to be counted and sent when it is enabled again.
CREATE INDEX deliveries_missed ON deliveries (hook_id, created_at, id) WHERE last_class = 'missed';

CREATE TABLE attempts (
    id TEXT NOT NULL PRIMARY KEY,
    delivery_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    trigger_kind TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    request_target TEXT,
    -- Header lines as a JSON array of pairs, key and signatures masked.
    request_headers TEXT,
    response_status INTEGER,
    response_headers TEXT,
    response_headers_cut BOOLEAN NOT NULL,
    response_body BLOB,
    response_body_cut BOOLEAN NOT NULL,
    dns_us BIGINT,
    connect_us BIGINT,
    first_byte_us BIGINT,
    total_us BIGINT NOT NULL,
    remote TEXT,
    error_class TEXT,
    detail TEXT
);

CREATE UNIQUE INDEX attempts_by_delivery ON attempts (delivery_id, number);

CREATE TABLE exports (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    vacancy_id TEXT NOT NULL REFERENCES vacancies (id),
    hook_id TEXT NOT NULL REFERENCES hooks (id),
    event_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL UNIQUE,
    requested_by TEXT NOT NULL,
    field_set TEXT NOT NULL,
    candidate_count INTEGER NOT NULL,
    -- Who was ticked but left out, as a JSON array of [candidate, reason].
    excluded TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX exports_by_organisation ON exports (organisation_id, mode, created_at, id);
CREATE INDEX exports_by_vacancy ON exports (vacancy_id, created_at);

CREATE TABLE export_candidates (
    export_id TEXT NOT NULL REFERENCES exports (id),
    candidate_id TEXT NOT NULL,
    PRIMARY KEY (export_id, candidate_id)
);

CREATE INDEX export_candidates_by_candidate ON export_candidates (candidate_id);
