ALTER TABLE hook_health DROP COLUMN gone_at;
DROP TABLE changes;
UPDATE deliveries SET hook_id = o.hook_id, status = o.status, due_at = o.due_at, holder = o.holder,
    status_before = o.status_before, arrived_before = o.arrived_before, next_trigger = o.next_trigger,
    automatic_tries = o.automatic_tries, manual_tries = o.manual_tries, rotation_tries = o.rotation_tries, sent_at = o.sent_at,
    response_status = o.response_status, last_class = o.last_class, updated_at = o.updated_at
FROM open_deliveries o WHERE o.delivery_id = deliveries.id;
CREATE INDEX IF NOT EXISTS deliveries_owed ON deliveries (hook_id, holder, due_at, id) WHERE completed_at IS NULL;
ALTER TABLE deliveries RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor,
    autovacuum_analyze_scale_factor);
DROP INDEX exports_by_hook;
DROP TABLE open_deliveries;
