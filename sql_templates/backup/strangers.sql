-- Of these roles, who may not create in the schema; nobody where a superuser asks.
SELECT r.rolname::text FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_namespace AS n
WHERE r.rolname = ANY (%(roles)s) AND n.nspname = %(schema)s
    AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
    AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
ORDER BY 1
