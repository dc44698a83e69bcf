UPDATE attempts SET
    request_headers = CASE WHEN request_headers IS NOT NULL THEN coalesce(
        (SELECT json_agg(json_build_array(split_part(line, ': ', 1), substr(line, strpos(line, ': ') + 2)) ORDER BY place)::text
            FROM unnest(string_to_array(rtrim(request_headers, chr(10)), chr(10))) WITH ORDINALITY AS lines (line, place)), '[]') END,
    response_headers = CASE WHEN response_headers IS NOT NULL THEN coalesce(
        (SELECT json_agg(json_build_array(split_part(line, ': ', 1), substr(line, strpos(line, ': ') + 2)) ORDER BY place)::text
            FROM unnest(string_to_array(rtrim(response_headers, chr(10)), chr(10))) WITH ORDINALITY AS lines (line, place)), '[]') END;
ALTER TABLE attempts DROP CONSTRAINT attempts_pkey;
CREATE UNIQUE INDEX attempts_by_delivery ON attempts (delivery_id, number);
ALTER TABLE attempts ADD CONSTRAINT attempts_pkey PRIMARY KEY (id);
