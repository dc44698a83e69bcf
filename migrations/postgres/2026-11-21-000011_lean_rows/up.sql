-- Header lines are kept as text, "Name: value" each, ended by a line feed, and an attempt is found by its delivery and number
-- alone: one tree less to keep, for each of millions.
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey;
ALTER TABLE attempts ADD CONSTRAINT attempts_pkey PRIMARY KEY USING INDEX attempts_by_delivery;
UPDATE attempts SET
    request_headers = CASE WHEN request_headers LIKE '[%' THEN coalesce(
        (SELECT string_agg((line ->> 0) || ': ' || (line ->> 1) || chr(10), '' ORDER BY place)
            FROM json_array_elements(request_headers::json) WITH ORDINALITY AS lines (line, place)), '') ELSE request_headers END,
    response_headers = CASE WHEN response_headers LIKE '[%' THEN coalesce(
        (SELECT string_agg((line ->> 0) || ': ' || (line ->> 1) || chr(10), '' ORDER BY place)
            FROM json_array_elements(response_headers::json) WITH ORDINALITY AS lines (line, place)), '') ELSE response_headers END;
