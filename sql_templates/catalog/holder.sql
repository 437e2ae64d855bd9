-- Who holds chirodb's advisory lock in this database.
SELECT a.pid,
       a.usename::text,
       -- of others hidden, unless pg_read_all_stats or the same role asks
       CASE WHEN a.client_addr IS NOT NULL THEN host(a.client_addr)
            WHEN a.backend_start IS NOT NULL THEN 'a local socket'
       END,
       to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS "UTC"')
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory'
  AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.objsubid = 1
  AND (l.classid::bigint << 32 | l.objid::bigint) = %(lock)s
LIMIT 1
