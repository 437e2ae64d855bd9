-- Columns with an ACL of their own, and all columns of the tables that the spec narrows to.
WITH picked AS MATERIALIZED (
    SELECT attrelid, attnum, attname, attacl
    FROM pg_attribute
    WHERE attacl IS NOT NULL AND NOT attisdropped
    UNION ALL
    SELECT a.attrelid, a.attnum, a.attname, NULL
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = ANY(%(wanted_schemas)s)
      AND c.relkind <> 'S'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NULL
      AND EXISTS (
          SELECT
          FROM unnest(%(wanted_schemas)s::text[], %(wanted_tables)s::text[]) AS w (schema, pattern)
          WHERE w.schema = n.nspname AND c.relname ~ w.pattern
      )
)
SELECT n.nspname::text AS schema,
       CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS type,
       c.relname::text AS relation,
       pg_get_userbyid(c.relowner)::text AS owner,
       coalesce(a.attacl::text[], '{}') AS acl,
       array_agg(a.attname::text ORDER BY a.attnum) AS names
FROM picked a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s)
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND NOT EXISTS (
      SELECT
      FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
GROUP BY n.nspname, c.relkind, c.relname, c.relowner, a.attacl::text[]
