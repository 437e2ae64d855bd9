SELECT e.extname::text, n.nspname::text FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = ANY (%(names)s) ORDER BY e.oid
