DROP TABLE interview_sessions;
DROP TABLE interviews;
DROP INDEX one_override_an_interview;
ALTER TABLE hooks DROP COLUMN own_policy;
ALTER TABLE hooks DROP COLUMN interview_id;
