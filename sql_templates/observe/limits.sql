-- The services' login roles and how often each may connect.
SELECT m.service, m.role, r.rolconnlimit AS connection_limit
FROM unnest(%(roles)s::text[], %(services)s::text[]) AS m (role, service)
JOIN pg_roles r ON r.rolname = m.role
WHERE r.rolcanlogin
