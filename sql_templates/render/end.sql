DROP VIEW pg_temp.chirodb_extra, pg_temp.chirodb_missing, pg_temp.chirodb_belonging,
    pg_temp.chirodb_membership_now, pg_temp.chirodb_group;
DROP FUNCTION pg_temp.chirodb_reach(text[]), pg_temp.chirodb_look(), pg_temp.chirodb_run(),
    pg_temp.chirodb_settle(), pg_temp.chirodb_read(), pg_temp.chirodb_type(oid),
    pg_temp.chirodb_refuse(), pg_temp.chirodb_merge(), pg_temp.chirodb_objects(),
    pg_temp.chirodb_columns();
COMMIT;
