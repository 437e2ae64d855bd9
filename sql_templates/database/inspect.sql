SELECT datname::text AS name,
       pg_get_userbyid(datdba)::text AS owner,
       shobj_description(oid, 'pg_database') AS comment,
       coalesce(datacl, acldefault('d', datdba))::text[] AS acl
FROM pg_database
WHERE datname = current_database()
