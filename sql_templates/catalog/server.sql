-- Who is connected, to what, and what that role may do.
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS version_text,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       current_database()::text AS database,
       r.rolname::text AS role,
       r.rolsuper AS superuser,
       r.rolcreaterole AS createrole,
       r.rolcreatedb AS createdb,
       r.rolreplication AS replication,
       r.rolbypassrls AS bypassrls,
       EXISTS (SELECT FROM pg_database WHERE datname = %(database)s) AS database_exists,
       has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS reads_verifiers,
       pg_is_in_recovery() AS in_recovery,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       pg_get_userbyid(10)::text AS bootstrap,
       current_setting('max_locks_per_transaction')::int
           * (current_setting('max_connections')::int
              + current_setting('max_prepared_transactions')::int) AS lockable,
       coalesce(
           (SELECT min(CASE p.rolname WHEN 'rds_superuser' THEN 'rds'
                                      WHEN 'azure_pg_admin' THEN 'azure'
                                      ELSE 'cloudsql' END)
            FROM pg_roles p
            WHERE p.rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser')),
           ''
       ) AS provider
FROM pg_roles r
WHERE r.rolname = current_user
