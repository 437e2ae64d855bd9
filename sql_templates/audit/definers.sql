-- SECURITY DEFINER routines without a search_path of their own, but those of extensions.
SELECT n.nspname::text, p.proname::text, oidvectortypes(p.proargtypes), pg_get_userbyid(p.proowner)::text
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (
      SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\_path=%%'
  )
  AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  )
  AND %(schemas)s::text[] IS NOT NULL
ORDER BY 1, 2, 3
