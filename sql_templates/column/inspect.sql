-- Columns with an ACL of their own, and all columns of the tables that the spec narrows to.
SELECT n.nspname::text AS schema,
       c.relname::text AS relation,
       pg_get_userbyid(c.relowner)::text AS owner,
       coalesce(a.attacl::text[], '{}') AS acl,
       array_agg(a.attname::text ORDER BY a.attnum) AS names
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s)
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT a.attisdropped
  AND (
      a.attacl IS NOT NULL
      OR a.attnum > 0 AND EXISTS (
          SELECT
          FROM unnest(%(wanted_schemas)s::text[], %(wanted_tables)s::text[]) AS w (schema, pattern)
          WHERE w.schema = n.nspname AND c.relname ~ w.pattern
      )
  )
  AND NOT EXISTS (
      SELECT
      FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
GROUP BY n.nspname, c.relname, c.relowner, a.attacl::text[]
