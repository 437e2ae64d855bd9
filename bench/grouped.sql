-- The floor: the whole access of a database, grouped, with nothing that only one tool asks for.
SELECT relnamespace::regnamespace::text, relkind::text, pg_get_userbyid(relowner)::text,
       relacl::text[], array_agg(relname::text)
FROM pg_class
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
GROUP BY relnamespace, relkind, relowner, relacl;

SELECT pronamespace::regnamespace::text, pg_get_userbyid(proowner)::text, proacl::text[],
       array_agg(proname::text), array_agg(oidvectortypes(proargtypes))
FROM pg_proc
WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
GROUP BY pronamespace, proowner, proacl;

SELECT nspname::text, pg_get_userbyid(nspowner)::text, nspacl::text[] FROM pg_namespace;

SELECT pg_get_userbyid(defaclrole)::text, defaclnamespace::regnamespace::text,
       defaclobjtype::text, defaclacl::text[]
FROM pg_default_acl;

SELECT rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
       rolreplication, rolbypassrls, rolconnlimit
FROM pg_roles;

SELECT pg_get_userbyid(roleid)::text, pg_get_userbyid(member)::text, admin_option
FROM pg_auth_members;

SELECT pg_get_userbyid(setrole)::text, setdatabase, setconfig FROM pg_db_role_setting;

SELECT attrelid::regclass::text, attacl::text[], array_agg(attname::text)
FROM pg_attribute
WHERE attacl IS NOT NULL AND attrelid >= 16384
GROUP BY attrelid, attacl;

SELECT datname::text, pg_get_userbyid(datdba)::text, datacl::text[]
FROM pg_database
WHERE datname = current_database()
