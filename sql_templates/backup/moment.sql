SELECT pg_catalog.pg_export_snapshot(),
    (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
          ELSE pg_catalog.pg_current_wal_lsn() END)::text,
    pg_catalog.current_setting('server_version'),
    (SELECT system_identifier::text FROM pg_catalog.pg_control_system()),
    current_user::text
