-- Indexes that are not valid, and foreign keys of large tables that no index begins with.
SELECT n.nspname::text AS schema,
       c.relname::text AS table,
       i.relname::text AS name,
       '{}'::text[] AS columns
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s)
  AND NOT x.indisvalid
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid)
UNION ALL
SELECT n.nspname::text,
       c.relname::text,
       k.conname::text,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
             ORDER BY u.place)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f'
  AND n.nspname = ANY(%(schemas)s)
  AND pg_stat_get_live_tuples(c.oid) >= %(large)s
  AND NOT EXISTS (
      SELECT
      FROM pg_index x
      WHERE x.indrelid = k.conrelid
        AND x.indisvalid
        AND x.indpred IS NULL
        AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
  )
ORDER BY 1, 2, 3
