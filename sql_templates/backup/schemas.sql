SELECT nspname::text, pg_catalog.pg_get_userbyid(nspowner)::text FROM pg_catalog.pg_namespace
WHERE nspname = ANY (%(names)s) AND nspname <> 'public' ORDER BY oid
