-- Rows of the services' schemas, whoever's, and the global rows of owners and creators.
SELECT pg_get_userbyid(d.defaclrole)::text AS role,
       n.nspname::text AS schema,
       CASE d.defaclobjtype
           WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'routine' WHEN 'n' THEN 'schema'
           ELSE 'type'
       END AS type,
       d.defaclacl::text[] AS acl
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n')
  AND (n.nspname = ANY(%(schemas)s)
       OR d.defaclnamespace = 0 AND pg_get_userbyid(d.defaclrole) = ANY(%(creators)s))
