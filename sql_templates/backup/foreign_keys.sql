-- Foreign keys of a schema to tables of others.
SELECT k.oid::bigint, t.relname::text, k.conname::text, fn.nspname::text, f.relname::text
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = %(schema)s AND fn.nspname <> %(schema)s
ORDER BY k.oid
