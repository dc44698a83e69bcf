CREATE TABLE fat_attempts (
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
    detail TEXT,
    -- How the secret and the key end that it was proven with.
    secret_ends_in TEXT,
    key_ends_in TEXT
);

INSERT INTO fat_attempts (id, delivery_id, number, trigger_kind, started_at, finished_at, request_target, request_headers, response_status,
    response_headers, response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote,
    error_class, detail, secret_ends_in, key_ends_in)
SELECT id, delivery_id, number, trigger_kind, started_at, finished_at, request_target,
    (WITH RECURSIVE lines (line, rest) AS (
        SELECT NULL, request_headers UNION ALL
        SELECT substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1) FROM lines WHERE rest <> ''
    ) SELECT CASE WHEN request_headers IS NOT NULL THEN json_group_array(
        json_array(substr(line, 1, instr(line, ': ') - 1), substr(line, instr(line, ': ') + 2))) END
        FROM lines WHERE line IS NOT NULL),
    response_status,
    (WITH RECURSIVE lines (line, rest) AS (
        SELECT NULL, response_headers UNION ALL
        SELECT substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1) FROM lines WHERE rest <> ''
    ) SELECT CASE WHEN response_headers IS NOT NULL THEN json_group_array(
        json_array(substr(line, 1, instr(line, ': ') - 1), substr(line, instr(line, ': ') + 2))) END
        FROM lines WHERE line IS NOT NULL),
    response_headers_cut, response_body, response_body_cut, dns_us, connect_us, first_byte_us, total_us, remote, error_class,
    detail, secret_ends_in, key_ends_in
FROM attempts ORDER BY id;

DROP TABLE attempts;
ALTER TABLE fat_attempts RENAME TO attempts;
CREATE UNIQUE INDEX attempts_by_delivery ON attempts (delivery_id, number);

CREATE TABLE fat_events (
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

INSERT INTO fat_events (id, organisation_id, mode, kind, client_id, occurred_at, probe, deliveries, created_at)
SELECT id, organisation_id, mode, kind, client_id, occurred_at, probe, deliveries, created_at FROM events ORDER BY id;

DROP TABLE events;
ALTER TABLE fat_events RENAME TO events;
CREATE INDEX events_by_organisation ON events (organisation_id, mode, created_at, id);
CREATE INDEX events_unrouted ON events (organisation_id, mode, created_at, id) WHERE deliveries = 0;
