SELECT nspname::text AS name,
       pg_get_userbyid(nspowner)::text AS owner,
       obj_description(oid, 'pg_namespace') AS comment,
       coalesce(nspacl, acldefault('n', nspowner))::text[] AS acl
FROM pg_namespace
WHERE nspname = ANY(%(schemas)s) OR nspname = 'public'
