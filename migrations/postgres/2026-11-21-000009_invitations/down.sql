ALTER TABLE web_sessions DROP COLUMN browser;
ALTER TABLE web_sessions DROP COLUMN name;
ALTER TABLE memberships DROP COLUMN last_seen_at;
DROP TABLE first_runs;
DROP TABLE invitations;
