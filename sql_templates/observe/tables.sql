-- What the statistics say of each service's large tables.
SELECT t.schemaname::text AS schema,
       t.relname::text AS name,
       t.n_live_tup AS live,
       t.n_dead_tup AS dead,
       t.seq_scan AS scans,
       t.seq_tup_read AS scanned,
       coalesce(t.idx_scan, 0) AS index_scans,
       coalesce(io.heap_blks_hit, 0) + coalesce(io.idx_blks_hit, 0) AS hit,
       coalesce(io.heap_blks_read, 0) + coalesce(io.idx_blks_read, 0) AS read,
       greatest(t.last_vacuum, t.last_autovacuum)::text AS vacuumed
FROM pg_stat_all_tables t
JOIN pg_statio_all_tables io ON io.relid = t.relid
WHERE t.schemaname = ANY(%(schemas)s)
  AND (t.n_live_tup + t.n_dead_tup >= %(large)s
       OR coalesce(io.heap_blks_read, 0) + coalesce(io.idx_blks_read, 0) >= %(read)s)
ORDER BY 1, 2
