-- What no dump of one schema holds, by name.
SELECT 'large objects', pg_catalog.count(*)::text || ' in the database'
FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) > 0
UNION ALL
SELECT 'publication', p.pubname::text FROM pg_catalog.pg_publication AS p
WHERE p.puballtables OR EXISTS (
    SELECT FROM pg_catalog.pg_publication_tables AS t
    WHERE t.pubname = p.pubname AND t.schemaname = %(schema)s
)
UNION ALL
SELECT 'event trigger', evtname::text FROM pg_catalog.pg_event_trigger
UNION ALL
SELECT DISTINCT 'global default privileges', r.rolname::text
FROM pg_catalog.pg_default_acl AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.defaclrole
WHERE a.defaclnamespace = 0 AND r.rolname = ANY (%(roles)s)
UNION ALL
SELECT 'user mapping', u.srvname || ' for ' || u.usename FROM pg_catalog.pg_user_mappings AS u
WHERE u.srvid = ANY (%(servers)s::oid[])
ORDER BY 1, 2
