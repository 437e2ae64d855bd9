DO $chirodb$
DECLARE
    wanted text := (SELECT database FROM pg_temp.chirodb_spec);
    line text := (SELECT min(m.line) FROM pg_temp.chirodb_maintain m);
BEGIN
    IF current_database() <> wanted THEN
        RAISE EXCEPTION 'this script is for the database %, not for %',
            quote_ident(wanted), quote_ident(current_database());
    END IF;
    IF line IS NOT NULL AND current_setting('server_version_num')::integer < 170000 THEN
        RAISE EXCEPTION 'PostgreSQL % has no MAINTAIN; it came with 17', current_setting('server_version')
            USING DETAIL = line;
    END IF;
END
$chirodb$;
