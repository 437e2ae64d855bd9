-- ALTER DATABASE ... SET, ALTER ROLE ... IN DATABASE ... SET; RESET where the spec says `default`
DO $chirodb$
DECLARE
    setting record;
BEGIN
    FOR setting IN
        SELECT coalesce('ROLE ' || quote_ident(w.role) || ' IN ', '') || format('DATABASE %I', current_database())
                   AS target,
               w.parameter, l.literals
        FROM pg_temp.chirodb_setting w
        LEFT JOIN pg_roles r ON r.rolname = w.role
        CROSS JOIN LATERAL (
            SELECT string_agg(quote_literal(v.word), ', ' ORDER BY v.number) AS literals,
                   CASE WHEN w.list THEN string_agg(quote_ident(v.word), ', ' ORDER BY v.number)
                        ELSE min(v.word) END AS stored
            FROM unnest(w.value) WITH ORDINALITY AS v (word, number)
        ) AS l
        WHERE NOT (  -- 16 and up; before, auto_explain logs no values
            lower(w.parameter) = 'auto_explain.log_parameter_max_length'
            AND current_setting('server_version_num')::int < 160000
        )
        AND (l.literals IS NULL) = EXISTS (
            SELECT
            FROM pg_db_role_setting s
            JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
            CROSS JOIN unnest(s.setconfig) AS entry
            WHERE s.setrole = CASE WHEN w.role IS NULL THEN 0 ELSE r.oid END
              AND lower(split_part(entry, '=', 1)) = lower(replace(w.parameter, '"', ''))
              AND (l.literals IS NULL OR substr(entry, strpos(entry, '=') + 1) = l.stored)
        )
        ORDER BY w.role NULLS FIRST, w.parameter
    LOOP
        IF setting.literals IS NULL THEN
            EXECUTE format('ALTER %s RESET %s', setting.target, setting.parameter);
        ELSE
            EXECUTE format('ALTER %s SET %s TO %s', setting.target, setting.parameter, setting.literals);
        END IF;
    END LOOP;
END
$chirodb$;
