-- Who owns what in schemas that are no service's.
SELECT n.nspname::text, pg_get_userbyid(o.owner)::text, count(*)
FROM (
    SELECT relnamespace AS schema, relowner AS owner FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT pronamespace, proowner FROM pg_proc
    UNION ALL SELECT oid, nspowner FROM pg_namespace
) o
JOIN pg_namespace n ON n.oid = o.schema
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT n.nspname = ANY(%(schemas)s)
GROUP BY 1, 2
ORDER BY 1, 2
