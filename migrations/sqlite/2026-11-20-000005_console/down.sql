DROP TABLE audit;
DROP TABLE submissions;
DROP TABLE web_sessions;
