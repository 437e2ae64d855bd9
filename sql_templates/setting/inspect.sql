-- Settings of the database, and of the managed roles in it.
SELECT r.rolname::text AS role,
       split_part(entry, '=', 1) AS parameter,
       substr(entry, strpos(entry, '=') + 1) AS value
FROM pg_db_role_setting s
JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN unnest(s.setconfig) AS entry
WHERE s.setrole = 0 OR r.rolname = ANY(%(roles)s)
