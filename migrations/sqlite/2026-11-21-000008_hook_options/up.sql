-- What the hook is for, in the team's words.
ALTER TABLE hooks ADD COLUMN note TEXT;
-- Requests it takes at the most, such as 20/second; NULL is as many as there are.
ALTER TABLE hooks ADD COLUMN rate_limit TEXT;
CREATE INDEX hooks_with_a_limit ON hooks (id) WHERE rate_limit IS NOT NULL;

-- Headers that go out with every request to a hook, their values sealed.
CREATE TABLE hook_headers (
    id TEXT NOT NULL PRIMARY KEY,
    hook_id TEXT NOT NULL REFERENCES hooks (id),
    -- In the order of the form.
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL
);

CREATE INDEX hook_headers_by_hook ON hook_headers (hook_id, place);
