CREATE TABLE vacancies (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    mode TEXT NOT NULL,
    title TEXT NOT NULL,
    reference TEXT,
    status TEXT NOT NULL,
    department TEXT,
    location TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX vacancies_by_organisation ON vacancies (organisation_id, mode, created_at);

CREATE TABLE candidates (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    mode TEXT NOT NULL,
    external_id TEXT,
    -- The main address, lower-case; repeated from the profile so that an import finds its candidate.
    email TEXT,
    -- The candidate as a JSON document, in the names of the wire.
    profile TEXT NOT NULL,
    consent_withdrawn_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX candidates_by_external_id ON candidates (organisation_id, mode, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX candidates_by_email ON candidates (organisation_id, mode, email);

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    vacancy_id TEXT NOT NULL REFERENCES vacancies (id),
    applied_at BIGINT NOT NULL,
    source TEXT,
    status TEXT NOT NULL,
    stage TEXT NOT NULL,
    -- Answers, ratings and assessments as a JSON document.
    review TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (vacancy_id, candidate_id)
);

CREATE INDEX applications_by_vacancy ON applications (vacancy_id, updated_at);
CREATE INDEX applications_by_candidate ON applications (candidate_id);

CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    vacancy_id TEXT NOT NULL REFERENCES vacancies (id),
    member_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    -- The uploaded file; dropped as soon as it has been read in.
    content BLOB,
    -- What came of it, as a JSON document; NULL until then.
    report TEXT,
    created_at BIGINT NOT NULL
);
