DROP INDEX events_unrouted;
