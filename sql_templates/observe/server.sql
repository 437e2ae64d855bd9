-- The server and the database as a whole.
SELECT current_setting('server_version') AS version,
       current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS connection_limit,
       pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_is_in_recovery()
            THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
       END AS replay_delay,
       s.xact_commit,
       s.xact_rollback,
       s.deadlocks,
       s.temp_bytes,
       s.blks_hit,
       s.blks_read,
       d.datconnlimit AS database_connection_limit,
       pg_database_size(d.oid) AS bytes
FROM pg_database d
JOIN pg_stat_database s ON s.datid = d.oid
WHERE d.datname = current_database()
