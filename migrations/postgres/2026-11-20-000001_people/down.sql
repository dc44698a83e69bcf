DROP TABLE memberships;
DROP TABLE members;
DROP TABLE organisations;
DROP TABLE settings;
