-- Memberships among the spec's roles and in predefined ones, with their options (16 and up).
CREATE TEMPORARY TABLE chirodb_edge ON COMMIT DROP AS
SELECT * FROM pg_temp.chirodb_membership_now WHERE managed;
ANALYZE pg_temp.chirodb_edge;
ANALYZE pg_temp.chirodb_role;
ANALYZE pg_temp.chirodb_membership;
ANALYZE pg_temp.chirodb_spared;
DO $chirodb$
DECLARE
    recent constant boolean := current_setting('server_version_num')::integer >= 160000;
    additive constant boolean := (SELECT s.additive FROM pg_temp.chirodb_spec s);
    edge record;
BEGIN
    FOR edge IN
        SELECT w.role, w.member
        FROM pg_temp.chirodb_membership w
        JOIN pg_roles m ON m.rolname = w.member
        WHERE NOT recent AND (coalesce(w.inherit, m.rolinherit) <> m.rolinherit OR NOT w.set)
    LOOP
        RAISE EXCEPTION 'PostgreSQL % has no INHERIT and SET options of a membership',
            current_setting('server_version')
            USING DETAIL = format('Membership of %I in %I.', edge.member, edge.role),
                  HINT = 'The attribute INHERIT of the member decides.';
    END LOOP;

    FOR edge IN
        WITH declared AS (SELECT name, attributes FROM pg_temp.chirodb_role),
        absent AS (SELECT name FROM pg_temp.chirodb_absent),
        named AS (
            SELECT name FROM declared UNION SELECT owner FROM pg_temp.chirodb_spec
            WHERE owner IS NOT NULL
        )
        SELECT e.role, e.member, e.grantor, o.option
        FROM pg_temp.chirodb_edge e
        LEFT JOIN pg_temp.chirodb_membership w ON w.role = e.role AND w.member = e.member
        LEFT JOIN declared d ON d.name = e.member
        CROSS JOIN (VALUES (NULL), ('admin'), ('inherit'), ('set')) AS o (option)
        WHERE NOT additive
          AND CASE coalesce(o.option, '')
                  WHEN '' THEN w.role IS NULL
                  WHEN 'admin' THEN e.admin AND NOT w.admin
                  WHEN 'inherit' THEN
                      recent AND e.inherit AND NOT coalesce(w.inherit, (
                          SELECT rolinherit FROM pg_roles WHERE rolname = e.member))
                  ELSE recent AND e.set AND NOT w.set
              END
          -- those that are nobody's business
          AND e.role NOT IN (TABLE absent) AND e.member NOT IN (TABLE absent)
          AND NOT (recent AND e.grantor IN (TABLE absent))
          AND (d.name IS NOT NULL OR e.role IN (TABLE named))
          AND CASE
                  WHEN e.member IN (SELECT name FROM pg_temp.chirodb_administrator)
                      THEN d.attributes ? 'member_of' AND NOT e.automatic
                           AND (e.member <> e.grantor OR e.member <> current_user)
                  ELSE NOT EXISTS (
                      SELECT FROM pg_temp.chirodb_spared s
                      WHERE pg_get_userbyid(s.role) = e.member
                  )
              END
        ORDER BY 1, 2, 3, o.option NULLS FIRST
    LOOP
        PERFORM FROM pg_auth_members a
        WHERE a.roleid = (SELECT oid FROM pg_roles WHERE rolname = edge.role)
          AND a.member = (SELECT oid FROM pg_roles WHERE rolname = edge.member)
          AND (pg_get_userbyid(a.grantor) = edge.grantor OR NOT recent);
        CONTINUE WHEN NOT FOUND;  -- gone with its grantor's
        EXECUTE 'REVOKE ' || coalesce(upper(edge.option) || ' OPTION FOR ', '')
            || format('%I FROM %I', edge.role, edge.member)
            || CASE WHEN recent THEN format(' GRANTED BY %I CASCADE', edge.grantor) ELSE '' END;
    END LOOP;

    DELETE FROM pg_temp.chirodb_edge;
    INSERT INTO pg_temp.chirodb_edge
    SELECT * FROM pg_temp.chirodb_membership_now WHERE managed;
    FOR edge IN
        SELECT w.role, w.member,
               w.admin OR coalesce(h.admin, false) AS admin,
               coalesce(w.inherit, m.rolinherit) OR coalesce(h.inherit, false) AS inherit,
               w.set OR coalesce(h.set, false) AS set
        FROM pg_temp.chirodb_membership w
        JOIN pg_roles m ON m.rolname = w.member
        LEFT JOIN (
            SELECT role, member, bool_or(admin) AS admin, bool_or(inherit) AS inherit,
                   bool_or(set) AS set
            FROM pg_temp.chirodb_edge
            GROUP BY role, member
        ) AS h ON h.role = w.role AND h.member = w.member
        WHERE h.role IS NULL OR w.admin AND NOT h.admin
           OR recent AND (coalesce(w.inherit, m.rolinherit) AND NOT h.inherit OR w.set AND NOT h.set)
        ORDER BY 1, 2
    LOOP
        EXECUTE format('GRANT %I TO %I', edge.role, edge.member)
            || CASE WHEN recent
                   THEN format(' WITH ADMIN %s, INHERIT %s, SET %s', edge.admin::text,
                               edge.inherit::text, edge.set::text)
                   WHEN edge.admin THEN ' WITH ADMIN OPTION'
                   ELSE ''
               END;
    END LOOP;

    PERFORM pg_temp.chirodb_reach(array_agg(role))
    FROM (
        SELECT role FROM pg_temp.chirodb_maker
        UNION SELECT owner FROM pg_temp.chirodb_spec
        UNION SELECT pg_get_userbyid(n.nspowner)::text
        FROM pg_namespace n JOIN pg_temp.chirodb_maker m ON m.schema = n.nspname
    ) AS acting;
END
$chirodb$;
