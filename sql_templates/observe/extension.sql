-- Where pg_stat_statements is, and whether the connected role may see what others do.
SELECT (SELECT n.nspname::text
        FROM pg_extension e
        JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS schema,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
       current_user::text AS role,
       (SELECT min(p.rolname::text)
        FROM pg_roles p
        WHERE p.rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser')) AS provider,
       (SELECT p.setting FROM pg_settings p WHERE p.name = 'shared_preload_libraries')
           AS libraries,
       -- that of the server's start where statistics were never reset
       extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
       extract(epoch FROM clock_timestamp())::float8 AS now
