-- Who holds the server's connections, the largest groups first.
SELECT coalesce(a.usename::text, '') AS role,
       coalesce(a.datname::text, '') AS database,
       coalesce(a.application_name, '') AS application,
       coalesce(a.state, '') AS state,
       count(*) AS connections,
       (sum(count(*)) OVER ())::int8 AS taken,
       (sum(count(*)) FILTER (WHERE a.datname = current_database()) OVER ())::int8 AS taken_here,
       current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS server_limit,
       (SELECT d.datconnlimit FROM pg_database d WHERE d.datname = current_database())
           AS database_limit
FROM pg_stat_activity a
WHERE a.datid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
  AND a.pid <> pg_backend_pid()
GROUP BY 1, 2, 3, 4, a.datname
ORDER BY 5 DESC, 1, 2, 3, 4
