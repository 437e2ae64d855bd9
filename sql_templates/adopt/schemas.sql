-- Every schema that is not PostgreSQL's own, nor chirodb's for its history; what belongs to an extension does not count.
SELECT n.nspname::text AS name,
       pg_get_userbyid(n.nspowner)::text AS owner,
       (
           SELECT e.extname::text
           FROM pg_depend d
           JOIN pg_extension e ON e.oid = d.refobjid
           WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
             AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
       ) AS extension,
       EXISTS (
           SELECT FROM pg_class c
           WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
             AND NOT EXISTS (
                 SELECT FROM pg_depend d
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
             )
           UNION ALL
           SELECT FROM pg_proc p
           WHERE p.pronamespace = n.oid
             AND NOT EXISTS (
                 SELECT FROM pg_depend d
                 WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             )
           UNION ALL
           SELECT FROM pg_type t
           WHERE t.typnamespace = n.oid
             AND NOT EXISTS (
                 SELECT FROM pg_depend d
                 WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
             )
       ) AS used
FROM pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'chirodb')
ORDER BY n.nspname
