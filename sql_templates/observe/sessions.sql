-- Sessions in the database, and who blocks those that wait for a lock.
SELECT a.pid,
       m.service,
       a.usename::text AS role,
       coalesce(a.application_name, '') AS application,
       coalesce(a.state, '') AS state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds,
       extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_seconds,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blocked_by,
       a.query AS query
FROM pg_stat_activity a
LEFT JOIN unnest(%(roles)s::text[], %(services)s::text[]) AS m (role, service)
    ON m.role = a.usename
WHERE a.datname = current_database()
  AND a.usesysid IS NOT NULL
  AND a.pid <> pg_backend_pid()
ORDER BY a.pid
