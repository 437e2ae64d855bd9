-- ACLs that are to be settled, one row for each group of objects that are alike. The row stands for
-- an object of the group, and the statements name all of them.
CREATE TEMPORARY TABLE chirodb_state (
    id integer GENERATED ALWAYS AS IDENTITY,
    schema text,            -- whose rights count: '' the database's, null nobody's
    type text,
    code "char",            -- as acldefault() has it
    oid oid,                -- of default privileges: the schema
    attribute smallint,
    owner oid,
    prefix text,            -- ALTER DEFAULT PRIVILEGES ..., else ''
    target text,
    names text[],
    columns text,
    narrows integer[],
    is_complete boolean,    -- the owner shall have everything
    public_uses boolean,    -- PUBLIC's own USAGE stays
    acl aclitem[]
) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_wanted (
    id integer, grantee oid, privilege text, grantable boolean,
    required boolean,   -- else tolerated
    may_grant boolean   -- the grant option is no extra
) ON COMMIT DROP;
CREATE TEMPORARY TABLE chirodb_kept (id integer, grantee oid, privilege text, grantable boolean)
    ON COMMIT DROP;

CREATE TEMPORARY VIEW chirodb_extra AS
SELECT s.id, e.grantee, e.privilege_type AS privilege, e.grantor, e.is_grantable AS grantable,
       w.id IS NOT NULL AS option_only, s.owner
FROM pg_temp.chirodb_state s
CROSS JOIN LATERAL aclexplode(s.acl) AS e
LEFT JOIN pg_temp.chirodb_wanted w
    ON w.id = s.id AND w.grantee = e.grantee AND w.privilege = e.privilege_type
WHERE e.grantee <> s.owner
  AND e.grantee NOT IN (SELECT role FROM pg_temp.chirodb_spared)
  AND (w.id IS NULL OR e.is_grantable AND NOT w.may_grant)
  AND NOT (s.public_uses AND e.grantee = 0 AND e.privilege_type = 'USAGE');

CREATE TEMPORARY VIEW chirodb_missing AS
SELECT n.id, n.grantee, n.privilege, bool_or(n.grantable) AS grantable
FROM (
    SELECT id, grantee, privilege, grantable FROM pg_temp.chirodb_wanted WHERE required
    UNION ALL
    SELECT id, grantee, privilege, grantable FROM pg_temp.chirodb_kept
    UNION ALL
    SELECT s.id, e.grantee, e.privilege_type, false
    FROM pg_temp.chirodb_state s
    CROSS JOIN LATERAL aclexplode(acldefault(s.code, s.owner)) AS e
    WHERE s.is_complete AND e.grantee = s.owner
) AS n
JOIN pg_temp.chirodb_state s ON s.id = n.id
LEFT JOIN (
    SELECT s.id, e.grantee, e.privilege_type AS privilege, bool_or(e.is_grantable) AS grantable
    FROM pg_temp.chirodb_state s
    CROSS JOIN LATERAL aclexplode(s.acl) AS e
    GROUP BY 1, 2, 3
) AS held ON held.id = n.id AND held.grantee = n.grantee AND held.privilege = n.privilege
WHERE CASE WHEN n.grantee = s.owner THEN s.is_complete AND held.id IS NULL
           ELSE held.id IS NULL OR n.grantable AND NOT held.grantable
      END
GROUP BY 1, 2, 3;

-- Reads the ACLs, after a change again.
CREATE FUNCTION pg_temp.chirodb_look() RETURNS void LANGUAGE sql AS $chirodb$
    UPDATE pg_temp.chirodb_state s
    SET acl = CASE
        WHEN s.prefix <> '' THEN coalesce(
            (SELECT d.defaclacl FROM pg_default_acl d
             WHERE d.defaclrole = s.owner AND d.defaclnamespace = s.oid
               AND d.defaclobjtype = CASE s.code WHEN 's' THEN 'S' ELSE s.code END),
            CASE WHEN s.oid = 0 THEN acldefault(s.code, s.owner) END)
        WHEN s.code = 'd' THEN
            (SELECT coalesce(datacl, acldefault('d', s.owner)) FROM pg_database WHERE oid = s.oid)
        WHEN s.code = 'n' THEN
            (SELECT coalesce(nspacl, acldefault('n', s.owner)) FROM pg_namespace WHERE oid = s.oid)
        WHEN s.code = 'c' THEN
            (SELECT attacl FROM pg_attribute
             WHERE attrelid = s.oid AND attnum = s.attribute)
        WHEN s.code = 'f' THEN
            (SELECT coalesce(proacl, acldefault('f', s.owner)) FROM pg_proc WHERE oid = s.oid)
        WHEN s.code = 'T' THEN
            (SELECT coalesce(typacl, acldefault('T', s.owner)) FROM pg_type WHERE oid = s.oid)
        ELSE
            (SELECT coalesce(relacl, acldefault(s.code, s.owner)) FROM pg_class WHERE oid = s.oid)
    END;
$chirodb$;

-- The statements for rows of (id, grantee, privilege, option): one for all that are alike.
CREATE TEMPORARY TABLE chirodb_todo (
    step integer, id integer, grantee oid, privilege text, option boolean
) ON COMMIT DROP;

CREATE FUNCTION pg_temp.chirodb_run() RETURNS void LANGUAGE plpgsql
SET client_min_messages TO error  -- a GRANT without the right to it only warns; see the end
AS $chirodb$
DECLARE
    todo record;
    me constant text := current_user;
    word constant text :=
        CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOR todo IN
        WITH contested AS (
            SELECT DISTINCT coalesce(s.schema, '') AS schema
            FROM pg_temp.chirodb_state s
            CROSS JOIN LATERAL aclexplode(s.acl) AS e
            WHERE e.is_grantable AND e.grantee <> s.owner
        ),
        one AS (
            SELECT DISTINCT t.step, t.id, t.privilege, t.option,
                   CASE t.grantee WHEN 0 THEN 'PUBLIC'
                        ELSE quote_ident(pg_get_userbyid(t.grantee)) END AS grantee
            FROM pg_temp.chirodb_todo t
        ),
        by_grantee AS (
            SELECT o.step, o.id, o.option, o.grantee,
                   string_agg(o.privilege || s.columns, ', ' ORDER BY o.privilege) AS privileges
            FROM one o
            JOIN pg_temp.chirodb_state s ON s.id = o.id
            GROUP BY 1, 2, 3, 4
        ),
        by_object AS (
            SELECT step, id, option, privileges, string_agg(grantee, ', ' ORDER BY grantee) AS grantees
            FROM by_grantee
            GROUP BY 1, 2, 3, 4
        )
        SELECT b.step, s.prefix, b.option, b.privileges, s.target, b.grantees,
               string_agg(n.name, ', ' ORDER BY n.name) AS subjects,
               -- where others may grant, too, a grant may be taken for theirs: it takes the owner
               CASE WHEN s.prefix = '' AND current_setting('is_superuser') = 'off'
                         AND coalesce(s.schema, '') IN (SELECT schema FROM contested)
                         AND pg_has_role(me, s.owner, word)
                    THEN pg_get_userbyid(s.owner)::text END AS owner
        FROM by_object b
        JOIN pg_temp.chirodb_state s ON s.id = b.id
        CROSS JOIN unnest(s.names) AS n (name)
        GROUP BY b.step, s.schema, s.prefix, b.option, b.privileges, s.target, b.grantees, s.columns,
                 s.owner
        ORDER BY 1, 2, 5, 7, 6, 4
    LOOP
        IF todo.owner IS NOT NULL THEN
            EXECUTE format('SET LOCAL ROLE %I', todo.owner);
        END IF;
        EXECUTE todo.prefix || CASE
            WHEN todo.step <> 2 THEN format('GRANT %s ON %s %s TO %s', todo.privileges, todo.target,
                                           todo.subjects, todo.grantees)
                                     || CASE WHEN todo.option THEN ' WITH GRANT OPTION' ELSE '' END
            ELSE 'REVOKE ' || CASE WHEN todo.option THEN 'GRANT OPTION FOR ' ELSE '' END
                 || format('%s ON %s %s FROM %s CASCADE', todo.privileges, todo.target,
                           todo.subjects, todo.grantees)
        END;
        IF todo.owner IS NOT NULL THEN
            RESET ROLE;
        END IF;
    END LOOP;
    DELETE FROM pg_temp.chirodb_todo;
    PERFORM pg_temp.chirodb_look();
END
$chirodb$;

-- Grants in a circle, and those of someone who has the grant option as a member of another, no
-- REVOKE of the owner ends. On a table, its columns and sequences the grantor takes them back, who
-- may have to be lent what that takes. Else, while he is the owner they become the owner's own.
CREATE TEMPORARY TABLE chirodb_merged (grantor text) ON COMMIT DROP;
CREATE FUNCTION pg_temp.chirodb_merge() RETURNS void LANGUAGE plpgsql AS $chirodb$
DECLARE
    item record;
    role text;
BEGIN
    FOR item IN
        SELECT DISTINCT n.name, x.option_only, quote_ident(x.schema) AS schema,
               x.privilege || s.columns AS privilege, s.target, g.rolname::text AS grantor,
               CASE x.grantee WHEN 0 THEN 'PUBLIC'
                    ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
               NOT EXISTS (
                   SELECT FROM aclexplode(s.acl) AS e
                   WHERE (e.grantee, e.grantor, e.privilege_type) = (g.oid, s.owner, x.privilege)
                     AND e.is_grantable
               ) AS lent,
               NOT EXISTS (
                   SELECT FROM pg_namespace p
                   CROSS JOIN LATERAL aclexplode(p.nspacl) AS e
                   WHERE p.nspname = x.schema AND e.grantee = g.oid AND e.privilege_type = 'USAGE'
               ) AS blind
        FROM (SELECT e.*, a.schema FROM pg_temp.chirodb_extra e
              JOIN pg_temp.chirodb_state a ON a.id = e.id) x
        JOIN pg_temp.chirodb_state s ON s.id = x.id AND s.prefix = '' AND s.code IN ('r', 's', 'c')
        JOIN pg_roles g ON g.oid = x.grantor AND NOT g.rolsuper
        CROSS JOIN unnest(s.names) AS n (name)
        WHERE x.grantor <> x.owner
    LOOP
        PERFORM pg_temp.chirodb_reach(ARRAY[item.grantor]);
        IF item.blind THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', item.schema, item.grantor);
        END IF;
        IF item.lent THEN
            EXECUTE format('GRANT %s ON %s %s TO %I WITH GRANT OPTION',
                           item.privilege, item.target, item.name, item.grantor);
        END IF;
        EXECUTE format('SET LOCAL ROLE %I', item.grantor);
        EXECUTE 'REVOKE ' || CASE WHEN item.option_only THEN 'GRANT OPTION FOR ' ELSE '' END
            || format('%s ON %s %s FROM %s CASCADE',
                      item.privilege, item.target, item.name, item.grantee);
        RESET ROLE;
        IF item.lent THEN
            EXECUTE format('REVOKE GRANT OPTION FOR %s ON %s %s FROM %I CASCADE',
                           item.privilege, item.target, item.name, item.grantor);
        END IF;
        IF item.blind THEN
            EXECUTE format('REVOKE USAGE ON SCHEMA %s FROM %I', item.schema, item.grantor);
        END IF;
    END LOOP;
    PERFORM pg_temp.chirodb_look();
    FOR item IN
        SELECT DISTINCT s.target, n.name, pg_get_userbyid(x.grantor)::text AS grantor,
               pg_get_userbyid(s.owner)::text AS owner
        FROM pg_temp.chirodb_extra x
        JOIN pg_temp.chirodb_state s ON s.id = x.id AND s.prefix = ''
        CROSS JOIN unnest(s.names) AS n (name)
        WHERE x.grantor <> x.owner
        ORDER BY 1, 2, 3
    LOOP
        PERFORM pg_temp.chirodb_reach(ARRAY[item.grantor]);
        FOREACH role IN ARRAY ARRAY[item.grantor, item.owner] LOOP
            EXECUTE format('ALTER %s %s OWNER TO %I', item.target, item.name, role);
        END LOOP;
        INSERT INTO pg_temp.chirodb_merged VALUES (item.grantor);
    END LOOP;
    PERFORM pg_temp.chirodb_look();
END
$chirodb$;

-- Makes the ACLs of chirodb_state what the spec says. What others than the owner granted goes with
-- the grant option that they have it from; what was taken too much that way is given back.
CREATE FUNCTION pg_temp.chirodb_settle() RETURNS void LANGUAGE plpgsql AS $chirodb$
DECLARE
    additive constant boolean := (SELECT s.additive FROM pg_temp.chirodb_spec s);
    version constant integer := current_setting('server_version_num');
    left_over bigint;
    before bigint;
    wrong text;
BEGIN
    ANALYZE pg_temp.chirodb_state;
    PERFORM pg_temp.chirodb_look();
    DELETE FROM pg_temp.chirodb_kept;
    DELETE FROM pg_temp.chirodb_wanted;
    INSERT INTO pg_temp.chirodb_wanted
    SELECT s.id, coalesce(g.oid, 0), p.privilege,
           coalesce(bool_or(r.grantable) FILTER (WHERE s.prefix <> '' OR r.existing), false),
           bool_or(s.prefix <> '' OR r.existing), bool_or(r.grantable)
    FROM pg_temp.chirodb_state s
    JOIN pg_temp.chirodb_right r
        ON r.schema = s.schema AND r.type = s.type
        AND (r.narrow IS NULL OR r.narrow = ANY (s.narrows))
        AND CASE
                WHEN s.prefix = '' THEN r.existing IS NOT NULL
                ELSE r.future AND (r.maker IS NULL OR r.maker = pg_get_userbyid(s.owner))
            END
    LEFT JOIN pg_roles g ON g.rolname = r.grantee
    CROSS JOIN unnest(r.privileges) AS p (privilege)
    WHERE p.privilege <> 'MAINTAIN' OR version >= 170000
    GROUP BY 1, 2, 3;
    UPDATE pg_temp.chirodb_state s
    SET public_uses = true
    WHERE s.type = 'type' AND s.prefix = ''
      AND NOT EXISTS (SELECT FROM pg_temp.chirodb_wanted w WHERE w.id = s.id AND w.required);
    ANALYZE pg_temp.chirodb_wanted;

    IF NOT additive AND EXISTS (SELECT FROM pg_temp.chirodb_extra) THEN
        INSERT INTO pg_temp.chirodb_kept
        SELECT s.id, e.grantee, e.privilege_type,
               bool_or(e.is_grantable AND coalesce(w.may_grant, true))
        FROM pg_temp.chirodb_state s
        CROSS JOIN LATERAL aclexplode(s.acl) AS e
        LEFT JOIN pg_temp.chirodb_wanted w
            ON w.id = s.id AND w.grantee = e.grantee AND w.privilege = e.privilege_type
        WHERE e.grantee <> s.owner AND w.required IS NOT TRUE
          AND NOT EXISTS (
              SELECT FROM pg_temp.chirodb_extra x
              WHERE x.id = s.id AND x.grantee = e.grantee AND x.privilege = e.privilege_type
                AND NOT x.option_only
          )
        GROUP BY 1, 2, 3;
        FOR pass IN 1..9 LOOP
            SELECT count(*) INTO before FROM pg_temp.chirodb_extra;
            INSERT INTO pg_temp.chirodb_todo
            SELECT 2, id, grantee, privilege, option_only
            FROM pg_temp.chirodb_extra
            WHERE grantor = owner
            UNION
            SELECT 2, s.id, e.grantee, e.privilege_type, true
            FROM pg_temp.chirodb_state s
            CROSS JOIN LATERAL aclexplode(s.acl) AS e
            WHERE e.is_grantable AND e.grantor = s.owner AND e.grantee <> s.owner
              AND EXISTS (
                  SELECT FROM pg_temp.chirodb_extra x
                  WHERE x.id = s.id AND x.privilege = e.privilege_type AND x.grantor <> x.owner
              );
            -- A grant on columns may stand without a grant option on them: its grantor had it on
            -- the table. So it gets one, which is then taken with all that hangs on it.
            IF pass > 1 THEN
                INSERT INTO pg_temp.chirodb_todo
                SELECT DISTINCT step, id, grantor, privilege, true
                FROM pg_temp.chirodb_extra
                CROSS JOIN (VALUES (1), (2)) AS steps (step)
                WHERE grantor <> owner;
            END IF;
            IF pass > 2 THEN
                PERFORM pg_temp.chirodb_merge();
            END IF;
            PERFORM pg_temp.chirodb_run();
            SELECT count(*) INTO left_over FROM pg_temp.chirodb_extra;
            EXIT WHEN left_over = 0 OR pass > 3 AND left_over = before;
        END LOOP;
    END IF;

    INSERT INTO pg_temp.chirodb_todo
    SELECT 3, id, grantee, privilege, grantable FROM pg_temp.chirodb_missing;
    IF FOUND THEN
        PERFORM pg_temp.chirodb_run();
    END IF;

    SELECT string_agg(
        DISTINCT format('%s%s %s%s ON %s %s %s %s', s.prefix, d.verb, d.privilege, s.columns,
                        s.target, array_to_string(s.names, ', '), d.preposition,
                        CASE d.grantee WHEN 0 THEN 'PUBLIC'
                             ELSE quote_ident(pg_get_userbyid(d.grantee)) END), '; ')
    INTO wrong
    FROM (
        SELECT id, privilege, grantee, 'GRANT' AS verb, 'TO' AS preposition
        FROM pg_temp.chirodb_missing
        UNION ALL
        SELECT id, privilege, grantee, 'REVOKE', 'FROM'
        FROM pg_temp.chirodb_extra
        WHERE NOT additive
    ) AS d
    JOIN pg_temp.chirodb_state s ON s.id = d.id;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'some privileges could not be set'
            USING DETAIL = 'Not possible for this role: ' || left(wrong, 1000),
                  HINT = 'Let an administrator run these, or this script.';
    END IF;
    DELETE FROM pg_temp.chirodb_state;
END
$chirodb$;
