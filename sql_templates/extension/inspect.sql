-- Installed ones, and of the declared ones what the server has to offer.
SELECT wanted.name,
       n.nspname::text AS schema,
       coalesce(e.extrelocatable, false) AS relocatable,
       available.version IS NOT NULL AS available,
       coalesce(available.trusted, false) AS trusted,
       EXISTS (SELECT FROM pg_namespace s WHERE s.nspname = wanted.schema) AS schema_exists,
       pg_get_userbyid(e.extowner)::text AS owner
FROM unnest(%(names)s::text[], %(schemas)s::text[]) AS wanted (name, schema)
LEFT JOIN pg_extension e ON e.extname = wanted.name AND current_database() = %(database)s
LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN LATERAL (
    SELECT v.version, v.trusted
    FROM pg_available_extension_versions() v
    WHERE e.oid IS NULL AND v.name = wanted.name
    LIMIT 1
) available ON true
