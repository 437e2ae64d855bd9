-- Whether something has this name in this schema; an extension may be in another one.
SELECT CASE WHEN %(extension)s::text IS NOT NULL
    THEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = %(extension)s)
    ELSE EXISTS (
        SELECT FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname = %(schema)s AND (
            EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = n.oid AND relname = %(name)s)
            OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace = n.oid AND proname = %(name)s)
            OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typnamespace = n.oid AND typname = %(name)s)
        )
    ) END
