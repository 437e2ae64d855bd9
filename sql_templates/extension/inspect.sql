-- Installed ones, and of the declared ones what the server has to offer.
SELECT wanted.name,
       n.nspname::text AS schema,
       coalesce(e.extrelocatable, false) AS relocatable,
       available.version IS NOT NULL AS available,
       available.schema::text AS fixed_schema,
       coalesce(available.trusted, false) AS trusted,
       ARRAY(
           SELECT r::text
           FROM unnest(available.requires) AS r
           WHERE current_database() <> %(database)s
              OR NOT EXISTS (SELECT FROM pg_extension i WHERE i.extname = r)
       ) AS requires,
       EXISTS (SELECT FROM pg_namespace s WHERE s.nspname = wanted.schema) AS schema_exists,
       EXISTS (
           SELECT
           FROM pg_settings p
           WHERE p.name = 'shared_preload_libraries'
             AND p.setting ~ ('(^|[ ,"])' || wanted.name || '($|[ ,"])')
             -- hidden from most roles; the parameters of a library that was loaded are not
             OR starts_with(p.name, wanted.name || '.')
            AND p.short_desc <> 'GUC placeholder variable'
       ) AS preloaded,
       (SELECT p.setting FROM pg_settings p WHERE p.name = 'shared_preload_libraries') AS libraries
FROM unnest(%(names)s::text[], %(schemas)s::text[]) AS wanted (name, schema)
LEFT JOIN pg_extension e ON e.extname = wanted.name AND current_database() = %(database)s
LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN LATERAL (
    SELECT v.version, v.trusted OR NOT v.superuser AS trusted, v.requires, v.schema
    FROM pg_available_extension_versions() v
    JOIN pg_available_extensions() x ON x.name = v.name AND x.default_version = v.version
    WHERE e.oid IS NULL AND v.name = wanted.name
) available ON true
