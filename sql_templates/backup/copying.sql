-- How many bytes of rows the connections of a run have read of the tables that they are at.
WITH cleared AS MATERIALIZED (SELECT pg_catalog.pg_stat_clear_snapshot())
SELECT a.application_name, p.relid::bigint, p.bytes_processed
FROM cleared
CROSS JOIN pg_catalog.pg_stat_progress_copy AS p
JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE a.datname = pg_catalog.current_database() AND a.application_name = ANY (%(names)s)
