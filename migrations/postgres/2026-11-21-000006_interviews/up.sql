-- A hook of the kind interview: the interview whose events it gets in place of the default hook; NULL is any other hook.
ALTER TABLE hooks ADD COLUMN interview_id TEXT;
-- Whether such a hook has a policy of its own, or follows the default hook's.
ALTER TABLE hooks ADD COLUMN own_policy BOOLEAN NOT NULL DEFAULT TRUE;

CREATE UNIQUE INDEX one_override_an_interview ON hooks (interview_id)
    WHERE interview_id IS NOT NULL AND state <> 'deleted';

CREATE TABLE interviews (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    mode TEXT NOT NULL,
    vacancy_id TEXT REFERENCES vacancies (id),
    title TEXT NOT NULL,
    -- How long it is meant to take, and how long after its start a session expires, in minutes.
    duration_minutes INTEGER NOT NULL,
    expires_after_minutes INTEGER NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX interviews_by_organisation ON interviews (organisation_id, mode, created_at, id);

CREATE TABLE interview_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    token TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT,
    -- When a started one becomes abandoned by itself.
    expires_at BIGINT,
    ended_at BIGINT,
    -- What came of it, as a JSON document; NULL while nobody has recorded it.
    result TEXT,
    -- What its end was reported as.
    event_id TEXT,
    invited_by TEXT,
    invited_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX interview_sessions_by_interview ON interview_sessions (interview_id, invited_at, id);
CREATE INDEX interview_sessions_by_candidate ON interview_sessions (candidate_id);
-- Those that expire: few beside those that have ended.
CREATE INDEX interview_sessions_expiring ON interview_sessions (expires_at, id) WHERE state = 'started';
