-- Header lines are kept as text, "Name: value" each, and an attempt is found by its delivery and number alone: one tree less
-- to keep, for each of millions.
CREATE TABLE lean_attempts (
    id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    trigger_kind TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    request_target TEXT,
    -- Header lines, each ended by a line feed; key and signatures masked.
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
    detail TEXT,
    -- How the secret and the key end that it was proven with.
    secret_ends_in TEXT,
    key_ends_in TEXT,
    PRIMARY KEY (delivery_id, number)
);

INSERT INTO lean_attempts (id, delivery_id, number, trigger_kind, started_at, finished_at, request_target, request_headers, response_status,
    response_headers, response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote,
    error_class, detail, secret_ends_in, key_ends_in)
SELECT id, delivery_id, number, trigger_kind, started_at, finished_at, request_target,
    CASE WHEN json_valid(request_headers) THEN coalesce(
        (SELECT group_concat(json_extract(value, '$[0]') || ': ' || json_extract(value, '$[1]') || char(10), '')
            FROM json_each(request_headers)), '') ELSE request_headers END,
    response_status,
    CASE WHEN json_valid(response_headers) THEN coalesce(
        (SELECT group_concat(json_extract(value, '$[0]') || ': ' || json_extract(value, '$[1]') || char(10), '')
            FROM json_each(response_headers)), '') ELSE response_headers END,
    response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote, error_class,
    detail, secret_ends_in, key_ends_in
FROM attempts ORDER BY id;

DROP TABLE attempts;
ALTER TABLE lean_attempts RENAME TO attempts;

-- An event is found by its id and is small: its row lives in the tree of its ids, without one of its own.
CREATE TABLE lean_events (
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
) WITHOUT ROWID;

INSERT INTO lean_events (id, organisation_id, mode, kind, client_id, occurred_at, probe, deliveries, created_at)
SELECT id, organisation_id, mode, kind, client_id, occurred_at, probe, deliveries, created_at FROM events ORDER BY id;

DROP TABLE events;
ALTER TABLE lean_events RENAME TO events;
CREATE INDEX events_by_organisation ON events (organisation_id, mode, created_at, id);
CREATE INDEX events_unrouted ON events (organisation_id, mode, created_at, id) WHERE deliveries = 0;
