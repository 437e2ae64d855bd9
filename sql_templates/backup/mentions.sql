-- Which words of functions' bodies are names of something outside of the schema: qualified ones of
-- anything, others where they are called and neither the schema nor pg_catalog has such a function.
WITH word AS MATERIALIZED (
    SELECT * FROM unnest(
        %(functions)s::text[], %(qualifiers)s::text[], %(names)s::text[], %(called)s::boolean[]
    ) AS given (function, qualifier, name, called)
), found AS (
    SELECT w.function, c.relnamespace AS schema, w.name,
        'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid
    FROM word AS w
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.qualifier
    JOIN pg_catalog.pg_class AS c ON (c.relname, c.relnamespace) = (w.name::name, n.oid)
    UNION ALL
    SELECT w.function, p.pronamespace, w.name, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
    FROM word AS w
    JOIN pg_catalog.pg_proc AS p ON p.proname = w.name::name
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE w.called AND CASE WHEN w.qualifier IS NOT NULL THEN n.nspname = w.qualifier
        ELSE NOT EXISTS (
            SELECT FROM pg_catalog.pg_proc AS o
            JOIN pg_catalog.pg_namespace AS own ON own.oid = o.pronamespace
            WHERE o.proname = w.name::name AND own.nspname IN (%(schema)s, 'pg_catalog')
        ) AND (n.nspname = 'public' OR EXISTS (
            SELECT FROM pg_catalog.pg_depend AS e
            WHERE (e.classid, e.objid, e.deptype)
                = ('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'e')
        )) END
    UNION ALL
    SELECT w.function, t.typnamespace, w.name, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
    FROM word AS w
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.qualifier
    JOIN pg_catalog.pg_type AS t ON (t.typname, t.typnamespace) = (w.name::name, n.oid)
    WHERE t.typrelid = 0
)
SELECT DISTINCT ON (f.function, n.nspname, f.name) f.function, n.nspname::text, f.name,
    f.class::oid::bigint, f.oid::bigint,
    (SELECT x.extname::text FROM pg_catalog.pg_depend AS e
     JOIN pg_catalog.pg_extension AS x ON x.oid = e.refobjid
     WHERE (e.classid, e.objid, e.deptype) = (f.class::oid, f.oid, 'e') LIMIT 1)
FROM found AS f
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.schema
WHERE n.nspname <> %(schema)s AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY f.function, n.nspname, f.name, f.oid
