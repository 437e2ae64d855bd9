-- Sessions that wait for a lock.
SELECT m.service, count(DISTINCT a.pid) AS waiting
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
JOIN pg_roles r ON r.oid = a.usesysid
JOIN unnest(%(roles)s::text[], %(services)s::text[]) AS m (role, service) ON m.role = r.rolname
WHERE NOT l.granted
GROUP BY 1
