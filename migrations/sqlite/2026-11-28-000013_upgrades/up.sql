-- What was carried over from an older form of the data, chunk by chunk, and when that was finished.
CREATE TABLE upgrades (
    name TEXT NOT NULL PRIMARY KEY,
    finished_at BIGINT NOT NULL
);
