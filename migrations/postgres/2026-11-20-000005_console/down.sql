DROP TABLE audit;
DROP TABLE reveals;
DROP TABLE submissions;
DROP TABLE web_sessions;
