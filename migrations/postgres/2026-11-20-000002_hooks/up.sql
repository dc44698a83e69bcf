CREATE TABLE hooks (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    mode TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    policy TEXT NOT NULL,
    field_set TEXT NOT NULL,
    -- NULL is every event, those to come included; otherwise a JSON array of names.
    events TEXT,
    is_default BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX hooks_by_organisation ON hooks (organisation_id, mode, state);
CREATE UNIQUE INDEX one_default_hook_a_mode ON hooks (organisation_id, mode) WHERE is_default AND state <> 'deleted';

-- How each hook does, and why it is disabled if it is. Beside the hooks, because it changes as deliveries end.
CREATE TABLE hook_health (
    hook_id TEXT NOT NULL PRIMARY KEY REFERENCES hooks (id),
    -- Deliveries that were given up since the last one that arrived.
    failed_in_row INTEGER NOT NULL,
    -- Since when nothing has arrived: its creation, its last success or its last enabling.
    since BIGINT NOT NULL,
    -- The percentage of its time at which it was last warned of; 0 when it was not.
    warned INTEGER NOT NULL,
    disabled_for TEXT,
    disabled_at BIGINT
);

CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    hook_id TEXT NOT NULL REFERENCES hooks (id),
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    ends_in TEXT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX credentials_by_hook ON credentials (hook_id);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    mode TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    ends_in TEXT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX api_keys_by_organisation ON api_keys (organisation_id, mode);
