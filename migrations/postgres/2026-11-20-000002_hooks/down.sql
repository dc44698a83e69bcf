DROP TABLE api_keys;
DROP TABLE credentials;
DROP TABLE hooks;
