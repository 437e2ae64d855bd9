-- As far as ANALYZE knows it: the functions that ask the disk wait for locks.
SELECT COALESCE(
    pg_catalog.sum(GREATEST(c.relpages + COALESCE(t.relpages, 0), 0)), 0
)::bigint * pg_catalog.current_setting('block_size')::bigint
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
WHERE n.nspname = %(schema)s AND c.relkind = 'r'
