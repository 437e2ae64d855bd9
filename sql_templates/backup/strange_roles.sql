-- Roles of which the connected one is no member, as a superuser is of all.
SELECT rolname::text FROM pg_catalog.pg_roles
WHERE rolname = ANY (%(roles)s) AND NOT pg_catalog.pg_has_role(oid, 'MEMBER') ORDER BY 1
