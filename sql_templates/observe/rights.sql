-- The services' login roles, and what PostgreSQL says that each may do.
SELECT w.service,
       w.role,
       w.schema,
       r.oid IS NOT NULL AS exists,
       coalesce(r.rolcanlogin, false) AS login,
       coalesce(r.rolvaliduntil < now(), false) AS expired,
       coalesce(r.rolconnlimit, -1) AS connection_limit,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid) AS connections,
       n.oid IS NOT NULL AS schema_exists,
       coalesce(has_database_privilege(r.oid, d.oid, 'CONNECT'), false) AS may_connect,
       coalesce(has_schema_privilege(r.oid, n.oid, 'USAGE'), false) AS may_use,
       (SELECT substr(entry, strpos(entry, '=') + 1)
        FROM pg_db_role_setting s
        CROSS JOIN unnest(s.setconfig) AS entry
        WHERE lower(split_part(entry, '=', 1)) = 'search_path'
          AND s.setrole IN (r.oid, 0)
          AND s.setdatabase IN (d.oid, 0)
        ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
        LIMIT 1) AS search_path
FROM unnest(%(services)s::text[], %(roles)s::text[], %(schemas)s::text[])
         AS w (service, role, schema)
JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_roles r ON r.rolname = w.role
LEFT JOIN pg_namespace n ON n.nspname = w.schema
