-- Connections by role and state; who may not see others' gets rows without a state.
SELECT m.service,
       r.rolname::text AS role,
       a.datname = current_database() AS here,
       CASE WHEN a.query = '<insufficient privilege>' THEN NULL
            ELSE coalesce(a.state, 'starting') END AS state,
       count(*) AS connections,
       max(extract(epoch FROM clock_timestamp() - a.xact_start))::float8 AS transaction_seconds,
       max(extract(epoch FROM clock_timestamp() - a.state_change))
           FILTER (WHERE a.state LIKE 'idle in transaction%%')::float8 AS idle_seconds
FROM pg_stat_activity a
JOIN pg_roles r ON r.oid = a.usesysid
LEFT JOIN unnest(%(roles)s::text[], %(services)s::text[]) AS m (role, service) ON m.role = r.rolname
WHERE a.datid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
GROUP BY 1, 2, 3, 4
