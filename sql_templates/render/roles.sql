-- Makes the roles, and changes the attributes that differ. Of the administrators (the connected
-- role and the database's owner) only what the spec writes; of the others also what it leaves out.
CREATE TEMPORARY TABLE chirodb_administrator ON COMMIT DROP AS
SELECT current_user::text AS name
UNION
SELECT coalesce(s.owner, pg_get_userbyid(d.datdba)::text)
FROM pg_temp.chirodb_spec s, pg_database d
WHERE d.datname = current_database();

-- An administrator that is no superuser must be able to act as the roles.
CREATE FUNCTION pg_temp.chirodb_reach(roles text[]) RETURNS void LANGUAGE plpgsql AS $chirodb$
DECLARE
    recent constant boolean := current_setting('server_version_num')::integer >= 160000;
    role text;
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    FOR role IN
        SELECT rolname
        FROM pg_roles
        WHERE rolname = ANY (roles) AND rolname NOT LIKE 'pg!_%' ESCAPE '!'
          AND NOT (pg_has_role(oid, 'USAGE')
                   AND pg_has_role(oid, CASE WHEN recent THEN 'SET' ELSE 'MEMBER' END))
        ORDER BY rolname
    LOOP
        EXECUTE format('GRANT %I TO %I', role, current_user)
            || CASE WHEN recent THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
    END LOOP;
END
$chirodb$;

DO $chirodb$
DECLARE
    additive constant boolean := (SELECT s.additive FROM pg_temp.chirodb_spec s);
    role record;
BEGIN
    IF current_setting('server_version_num')::integer >= 160000 THEN
        PERFORM set_config('createrole_self_grant', 'set, inherit', true);
    END IF;
    FOR role IN
        SELECT w.name, p.oid, w.attributes ->> 'comment' AS comment, a.options
        FROM pg_temp.chirodb_role w
        LEFT JOIN pg_roles p ON p.rolname = w.name
        LEFT JOIN LATERAL (
            SELECT string_agg(
                CASE v.attribute
                    WHEN 'connection_limit' THEN format('CONNECTION LIMIT %s', v.wanted)
                    WHEN 'valid_until' THEN format('VALID UNTIL %L', v.wanted)
                    ELSE CASE v.wanted WHEN 'true' THEN '' ELSE 'NO' END || upper(v.attribute)
                END, ' ') AS options
            FROM (
                SELECT k.attribute, k.actual,
                       CASE WHEN k.attribute = 'valid_until'
                           THEN (w.attributes ->> k.attribute)::timestamptz::text
                           ELSE coalesce(
                               w.attributes ->> k.attribute,
                               CASE WHEN k.is_off AND w.name NOT IN (
                                   SELECT name FROM pg_temp.chirodb_administrator
                               ) THEN 'false' END
                           )
                       END AS wanted
                FROM (VALUES
                    ('superuser', p.rolsuper::text, true),
                    ('createdb', p.rolcreatedb::text, true),
                    ('createrole', p.rolcreaterole::text, true),
                    ('replication', p.rolreplication::text, true),
                    ('bypassrls', p.rolbypassrls::text, true),
                    ('login', p.rolcanlogin::text, true),
                    ('inherit', p.rolinherit::text, false),
                    ('connection_limit', p.rolconnlimit::text, false),
                    ('valid_until', p.rolvaliduntil::text, false)
                ) AS k (attribute, actual, is_off)
            ) AS v
            WHERE v.wanted IS NOT NULL
              AND CASE WHEN p.oid IS NULL THEN v.wanted <> 'false' OR v.attribute = 'inherit'
                       ELSE v.wanted IS DISTINCT FROM v.actual
                            AND (v.wanted <> 'false' OR NOT additive)
                  END
        ) AS a ON true
        ORDER BY w.name
    LOOP
        IF role.oid IS NULL THEN
            EXECUTE format('CREATE ROLE %I', role.name) || coalesce(' ' || role.options, '');
        ELSIF role.options IS NOT NULL THEN
            EXECUTE format('ALTER ROLE %I %s', role.name, role.options);
        END IF;
        IF role.comment <> coalesce(shobj_description(role.oid, 'pg_authid'), '') THEN
            EXECUTE format('COMMENT ON ROLE %I IS %L', role.name, role.comment);
        END IF;
    END LOOP;
END
$chirodb$;

-- Whose privileges are left as they are.
CREATE TEMPORARY TABLE chirodb_spared ON COMMIT DROP AS
SELECT r.oid AS role
FROM pg_roles r
WHERE r.rolsuper
   OR r.rolname IN (SELECT name FROM pg_temp.chirodb_administrator)
   OR EXISTS (SELECT FROM pg_temp.chirodb_ignored i WHERE r.rolname::text ~ i.pattern);
