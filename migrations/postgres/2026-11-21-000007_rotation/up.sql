-- While a rotation lasts a hook has two of a kind: the new one, which goes on, and the old one, which ends.
ALTER TABLE credentials ADD COLUMN ends_at BIGINT;
-- Whether the receiver is known to take it: the first of its kind, or one it had switched to before the next was made.
ALTER TABLE credentials ADD COLUMN is_known BOOLEAN NOT NULL DEFAULT TRUE;
-- When a delivery that was proven with it last arrived, to the minute.
ALTER TABLE credentials ADD COLUMN last_used_at BIGINT;
CREATE INDEX credentials_that_end ON credentials (ends_at) WHERE ends_at IS NOT NULL;

-- What headers with room for one carry while a rotation lasts. Beside the hooks, because answers change it.
CREATE TABLE preferences (
    hook_id TEXT NOT NULL PRIMARY KEY REFERENCES hooks (id),
    prefers TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- Who took over from a hook that was replaced.
ALTER TABLE hooks ADD COLUMN replaced_by TEXT;

ALTER TABLE deliveries ADD COLUMN rotation_tries INTEGER NOT NULL DEFAULT 0;
-- How the secret and the key end that a try was proven with.
ALTER TABLE attempts ADD COLUMN secret_ends_in TEXT;
ALTER TABLE attempts ADD COLUMN key_ends_in TEXT;
