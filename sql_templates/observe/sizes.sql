-- What each schema takes on disk. Asking for a size locks the relation: one that somebody holds, or
-- waits for, in ACCESS EXCLUSIVE mode is estimated by what the last VACUUM or ANALYZE saw.
WITH locked AS MATERIALIZED (
    SELECT DISTINCT l.relation
    FROM pg_locks l
    WHERE l.locktype = 'relation'
      AND l.mode = 'AccessExclusiveLock'
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT n.nspname::text AS schema,
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'm' THEN 'materialized_view'
                      WHEN 'i' THEN 'index' ELSE 'sequence' END AS kind,
       sum(CASE WHEN %(estimate)s OR l.relation IS NOT NULL
                THEN greatest(c.relpages, 0)::int8 * current_setting('block_size')::int8
                WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid)
                ELSE pg_relation_size(c.oid) END)::int8 AS bytes,
       sum(pg_stat_get_live_tuples(c.oid)) FILTER (WHERE c.relkind IN ('r', 'm'))::int8 AS live,
       sum(pg_stat_get_dead_tuples(c.oid)) FILTER (WHERE c.relkind IN ('r', 'm'))::int8 AS dead,
       count(*) FILTER (WHERE %(estimate)s OR l.relation IS NOT NULL) AS estimated
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN locked l ON l.relation = c.oid
WHERE n.nspname = ANY(%(schemas)s)
  AND c.relkind IN ('r', 'm', 'i', 'S')
GROUP BY 1, 2
