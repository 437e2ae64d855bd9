-- Functions whose bodies are strings, of which pg_depend says nothing.
SELECT p.oid::pg_catalog.regprocedure::text, p.prosrc
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = %(schema)s AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS e
        WHERE (e.classid, e.objid, e.deptype)
            = ('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'e')
    )
ORDER BY p.oid
