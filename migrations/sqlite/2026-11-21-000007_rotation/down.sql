ALTER TABLE attempts DROP COLUMN key_ends_in;
ALTER TABLE attempts DROP COLUMN secret_ends_in;
ALTER TABLE deliveries DROP COLUMN rotation_tries;
ALTER TABLE hooks DROP COLUMN replaced_by;
DROP TABLE preferences;
DROP INDEX credentials_that_end;
ALTER TABLE credentials DROP COLUMN last_used_at;
ALTER TABLE credentials DROP COLUMN is_known;
ALTER TABLE credentials DROP COLUMN ends_at;
