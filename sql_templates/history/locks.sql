-- Who holds a lock on the history that a new row has to wait for.
SELECT l.pid,
       a.usename::text,
       to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS "UTC"')
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE n.nspname = 'chirodb'
  AND c.relname = 'history'
  AND l.locktype = 'relation'
  AND l.granted
  AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
ORDER BY a.xact_start
LIMIT 1
