-- What PUBLIC may do outside of the services' schemas; CREATE on any schema.
WITH entries AS (
    SELECT c.relnamespace AS schema, 'table' AS kind, c.relname::text AS name, x.privilege_type
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(c.relacl) x
    WHERE x.grantee = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      )
    UNION ALL
    SELECT n.oid, 'schema', n.nspname::text, x.privilege_type
    FROM pg_namespace n
    CROSS JOIN LATERAL aclexplode(n.nspacl) x
    WHERE x.grantee = 0
),
objects AS (
    SELECT n.nspname::text AS schema, e.kind, e.name,
           array_agg(e.privilege_type::text ORDER BY e.privilege_type) AS privileges
    FROM entries e
    JOIN pg_namespace n ON n.oid = e.schema
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (e.kind = 'schema' OR NOT n.nspname = ANY(%(schemas)s))
    GROUP BY 1, 2, 3
)
SELECT schema, kind, privileges, array_agg(name ORDER BY name)
FROM objects
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
