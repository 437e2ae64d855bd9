-- The schema, its objects and what belongs to them (indexes, constraints, defaults, rules), without
-- what an extension put there.
WITH RECURSIVE here AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %(schema)s
), own AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        AND d.refobjid = (SELECT oid FROM here)
        AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend AS e
            WHERE (e.classid, e.objid, e.deptype) = (d.classid, d.objid, 'e')
        )
    UNION
    SELECT d.classid, d.objid FROM own
    JOIN pg_catalog.pg_depend AS d ON (d.refclassid, d.refobjid) = (own.classid, own.objid)
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
        AND NOT EXISTS (  -- a partition in another schema
            SELECT FROM pg_catalog.pg_class AS c
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
                AND c.relnamespace <> (SELECT oid FROM here)
                AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
        )
)
SELECT classid::bigint, objid::bigint FROM own
UNION ALL
SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid::bigint, oid::bigint FROM here
