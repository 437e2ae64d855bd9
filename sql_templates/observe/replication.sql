-- Standbys and slots; hidden from who may not see others' sessions: without a state.
WITH here AS (
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                ELSE pg_current_wal_lsn() END AS lsn
)
SELECT 'standby' AS what,
       coalesce(s.application_name, '') AS name,
       s.state IS NULL AS hidden,
       pg_wal_lsn_diff(here.lsn, s.replay_lsn)::float8 AS bytes,
       extract(epoch FROM s.replay_lag)::float8 AS seconds,
       NULL::bool AS active
FROM pg_stat_replication s, here
UNION ALL
SELECT 'slot',
       s.slot_name::text,
       false,
       pg_wal_lsn_diff(here.lsn, s.restart_lsn)::float8,
       NULL,
       s.active
FROM pg_replication_slots s, here
