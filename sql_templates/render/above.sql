-- Every login role that may use anything, itself or through a group, connects.
INSERT INTO pg_temp.chirodb_right
WITH RECURSIVE users (name) AS (
    SELECT role FROM pg_temp.chirodb_maker
    UNION SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()
    UNION SELECT grantee FROM pg_temp.chirodb_right WHERE grantee IS NOT NULL
    UNION VALUES ('pg_read_all_data'), ('pg_write_all_data'), ('pg_maintain')
),
reach (login, role) AS (
    SELECT name, name FROM pg_temp.chirodb_role WHERE (attributes ->> 'login')::boolean
    UNION
    SELECT r.login, m.role
    FROM reach r
    JOIN pg_temp.chirodb_membership m ON m.member = r.role
    JOIN pg_roles a ON a.rolname = m.member
    WHERE coalesce(m.inherit, a.rolinherit)
)
SELECT DISTINCT '', 'database', NULL::integer, r.login, ARRAY['CONNECT'], false, true, false
FROM reach r
JOIN users u ON u.name = r.role
WHERE EXISTS (SELECT FROM pg_temp.chirodb_spec WHERE connect_implied);

DO $chirodb$
DECLARE
    unknown text;
BEGIN
    SELECT string_agg(DISTINCT quote_ident(grantee), ', ')
    INTO unknown
    FROM pg_temp.chirodb_right
    WHERE grantee NOT IN (SELECT rolname::text FROM pg_roles);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'the spec grants to roles that this server does not have: %', unknown;
    END IF;
END
$chirodb$;
ANALYZE pg_temp.chirodb_right;
ANALYZE pg_temp.chirodb_maker;

-- The database, the services' schemas, and `public` itself.
INSERT INTO pg_temp.chirodb_state
    (schema, type, code, oid, owner, prefix, target, names, columns, is_complete, public_uses)
SELECT '', 'database', 'd', d.oid, d.datdba, '', 'DATABASE', ARRAY[quote_ident(d.datname)], '', true, false
FROM pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT n.nspname, 'schema', 'n', n.oid, n.nspowner, '', 'SCHEMA', ARRAY[quote_ident(n.nspname)], '',
       true, n.nspname = 'public'
FROM pg_namespace n
LEFT JOIN pg_temp.chirodb_maker m ON m.schema = n.nspname AND m.owner
WHERE m.schema IS NOT NULL OR n.nspname = 'public';
DO $chirodb$ BEGIN PERFORM pg_temp.chirodb_settle(); END $chirodb$;
