CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    email TEXT NOT NULL,
    name TEXT,
    role TEXT NOT NULL,
    -- Of what the link holds: reading this table lets nobody in.
    hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL REFERENCES members (id),
    -- What became of its e-mail; NULL when none was to be sent.
    mail TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How it ended other than by time, and when.
    ended TEXT,
    ended_at BIGINT
);

CREATE INDEX invitations_by_organisation ON invitations (organisation_id, ended, id);

-- What opens the page of the first run, as long as the instance that printed it lives and there is no organisation.
CREATE TABLE first_runs (
    hash TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE
);

ALTER TABLE memberships ADD COLUMN last_seen_at BIGINT;

-- What tells the sessions of a member apart: a random name and the kind of browser.
ALTER TABLE web_sessions ADD COLUMN name TEXT;
ALTER TABLE web_sessions ADD COLUMN browser TEXT;
