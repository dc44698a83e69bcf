DROP TABLE api_keys;
DROP TABLE credentials;
DROP TABLE hook_health;
DROP TABLE hooks;
