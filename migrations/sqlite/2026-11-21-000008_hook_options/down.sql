DROP TABLE hook_headers;
DROP INDEX hooks_with_a_limit;
ALTER TABLE hooks DROP COLUMN rate_limit;
ALTER TABLE hooks DROP COLUMN note;
