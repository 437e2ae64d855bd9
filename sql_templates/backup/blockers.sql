-- For whom the connections of a run wait; statistics are read anew inside a transaction.
WITH cleared AS MATERIALIZED (SELECT pg_catalog.pg_stat_clear_snapshot())
SELECT a.application_name, b.pid, b.usename::text, b.application_name,
    pg_catalog.to_char(b.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')
FROM cleared
CROSS JOIN pg_catalog.pg_stat_activity AS a
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) AS blocking (pid)
JOIN pg_catalog.pg_stat_activity AS b ON b.pid = blocking.pid
WHERE a.datname = pg_catalog.current_database() AND a.application_name = ANY (%(names)s)
ORDER BY a.application_name, b.pid
