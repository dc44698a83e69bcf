DROP TABLE export_candidates;
DROP TABLE exports;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE event_candidates;
DROP TABLE event_bodies;
DROP TABLE events;
DROP TABLE instances;
