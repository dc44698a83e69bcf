-- Events that matched no hook: few rows beside millions that did, counted on the home page and listed apart.
CREATE INDEX events_unrouted ON events (organisation_id, mode, created_at, id) WHERE deliveries = 0;
