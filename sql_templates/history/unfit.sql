-- A row where chirodb.history is there, with the reason not to use it, or NULL. Whoever owns the
-- database may alter the table; no code of theirs shall run with the rights of who applies.
SELECT CASE
    WHEN strangers.name IS NOT NULL THEN 'it belongs to ' || strangers.name
    WHEN c.relkind <> 'r' OR c.relispartition THEN 'it is no ordinary table'
    WHEN c.relrowsecurity THEN 'it has row security'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid) THEN 'it has a trigger'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = c.oid) THEN 'it has a rule'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_attrdef WHERE adrelid = c.oid)
        THEN 'it has a column with a default'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint
                 WHERE conrelid = c.oid AND contype NOT IN ('p', 'n')) THEN 'it has a constraint'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_index
                 WHERE indrelid = c.oid AND (indexprs IS NOT NULL OR indpred IS NOT NULL))
        THEN 'it has an index with an expression'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a
                 JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                 JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND s.nspname <> 'pg_catalog')
        THEN 'it has a column of a type that is not PostgreSQL''s own'
END
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'history'
JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
CROSS JOIN LATERAL (
    SELECT pg_catalog.min(pg_catalog.quote_ident(o.rolname)) AS name
    FROM pg_catalog.pg_roles o
    WHERE o.oid IN (n.nspowner, c.relowner) AND o.oid <> d.datdba
      AND NOT o.rolsuper AND o.rolname <> 'pg_database_owner'
) strangers
WHERE n.nspname = 'chirodb'
