-- Who owns the objects or is named in their ACLs and policies. What the first superuser owns is
-- not in pg_shdepend.
WITH given AS MATERIALIZED (
    SELECT classid, objid
    FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) AS given (classid, objid)
), role AS (
    SELECT s.refobjid AS oid FROM given AS g
    JOIN pg_catalog.pg_shdepend AS s ON (s.classid, s.objid) = (g.classid, g.objid)
    JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
    WHERE d.datname = pg_catalog.current_database()
        AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    UNION
    SELECT nspowner FROM given JOIN pg_catalog.pg_namespace AS n ON n.oid = objid
    WHERE classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    UNION
    SELECT relowner FROM given JOIN pg_catalog.pg_class AS c ON c.oid = objid
    WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    UNION
    SELECT proowner FROM given JOIN pg_catalog.pg_proc AS p ON p.oid = objid
    WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION
    SELECT typowner FROM given JOIN pg_catalog.pg_type AS t ON t.oid = objid
    WHERE classid = 'pg_catalog.pg_type'::pg_catalog.regclass
)
SELECT r.rolname::text FROM role JOIN pg_catalog.pg_roles AS r USING (oid) ORDER BY 1
