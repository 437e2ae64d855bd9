-- Schemas and kinds where GRANT ... ON ALL ... IN SCHEMA would reach what inspect.sql leaves out.
WITH extended AS MATERIALIZED (
    SELECT classid, objid
    FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
)
SELECT DISTINCT n.nspname::text AS schema, found.type
FROM (
    SELECT c.relnamespace AS schema, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS type
    FROM extended e
    JOIN pg_class c ON e.classid = 'pg_class'::regclass AND e.objid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION
    SELECT p.pronamespace, 'routine'
    FROM extended e
    JOIN pg_proc p ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid
    UNION
    SELECT p.pronamespace, 'routine'
    FROM pg_depend d
    JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    WHERE d.refclassid = 'pg_type'::regclass AND d.deptype = 'i' AND p.proowner = 10
      AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
) found
JOIN pg_namespace n ON n.oid = found.schema
WHERE n.nspname = ANY(%(schemas)s)
