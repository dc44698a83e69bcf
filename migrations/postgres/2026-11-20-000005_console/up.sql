CREATE TABLE web_sessions (
    -- A hash of what the cookie holds: reading this table signs nobody in.
    id TEXT NOT NULL PRIMARY KEY,
    member_id TEXT REFERENCES members (id),
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX web_sessions_by_member ON web_sessions (member_id);
CREATE INDEX web_sessions_by_expiry ON web_sessions (expires_at);

-- What a form was answered with: the second press of the same button finds the first one's answer.
CREATE TABLE submissions (
    token TEXT NOT NULL PRIMARY KEY,
    result TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What one session may see once: sealed, taken out by the page that shows it.
CREATE TABLE reveals (
    owner TEXT NOT NULL,
    object TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (owner, object)
);

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT,
    member_id TEXT,
    act TEXT NOT NULL,
    object TEXT,
    -- Never a secret, a key, a password or a candidate's data.
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX audit_by_organisation ON audit (organisation_id, created_at, id);
