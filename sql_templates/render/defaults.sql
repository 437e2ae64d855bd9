-- Default privileges: of owners and creators in their schemas and everywhere (a schema's only add to
-- those, so PUBLIC's EXECUTE is taken everywhere), and of anyone else in these schemas.
INSERT INTO pg_temp.chirodb_state
    (schema, type, code, oid, owner, prefix, target, names, columns, is_complete, public_uses)
WITH kind (type, code, stored) AS (
    VALUES ('table', 'r'::"char", 'r'::"char"), ('sequence', 's', 'S'), ('routine', 'f', 'f'),
           ('type', 'T', 'T')
),
maker AS (
    SELECT DISTINCT m.schema, n.oid AS namespace, r.oid AS role, r.rolname
    FROM pg_temp.chirodb_maker m
    JOIN pg_namespace n ON n.nspname = m.schema
    JOIN pg_roles r ON r.rolname = m.role AND m.role <> 'pg_database_owner'  -- makes nothing
),
covering AS (
    SELECT DISTINCT m.role
    FROM maker m
    JOIN pg_temp.chirodb_right r
        ON r.schema = m.schema AND r.type = 'type' AND r.narrow IS NULL AND r.future
        AND (r.maker IS NULL OR r.maker = m.rolname)
),
row AS (
    SELECT m.schema, k.type, k.code, m.namespace, m.role, false AS everywhere, false AS public_uses
    FROM maker m
    CROSS JOIN kind k
    WHERE EXISTS (
              SELECT FROM pg_temp.chirodb_right r
              WHERE r.schema = m.schema AND r.type = k.type AND r.narrow IS NULL AND r.future
          )
       OR EXISTS (
              SELECT FROM pg_default_acl d
              WHERE d.defaclrole = m.role AND d.defaclnamespace = m.namespace
                AND d.defaclobjtype = k.stored
          )
    UNION ALL
    SELECT DISTINCT NULL, k.type, k.code, 0::oid, m.role, true,
           k.type = 'type' AND m.role NOT IN (SELECT role FROM covering)
    FROM maker m
    CROSS JOIN kind k
    UNION ALL
    SELECT NULL, k.type, k.code, n.oid, d.defaclrole, false, false
    FROM pg_default_acl d
    JOIN kind k ON k.stored = d.defaclobjtype
    JOIN pg_namespace n ON n.oid = d.defaclnamespace
    WHERE n.nspname IN (SELECT schema FROM pg_temp.chirodb_maker)
      AND NOT EXISTS (SELECT FROM maker m WHERE m.namespace = n.oid AND m.role = d.defaclrole)
)
SELECT r.schema, r.type, r.code, r.namespace, r.role,
       format('ALTER DEFAULT PRIVILEGES FOR ROLE %I ', pg_get_userbyid(r.role))
           || coalesce('IN SCHEMA ' || quote_ident(n.nspname) || ' ', ''),
       upper(r.type) || 'S', ARRAY[''], '', r.everywhere, r.public_uses
FROM row r
LEFT JOIN pg_namespace n ON n.oid = r.namespace;
DO $chirodb$
BEGIN
    PERFORM pg_temp.chirodb_reach(array_agg(DISTINCT pg_get_userbyid(s.owner)::text))
    FROM pg_temp.chirodb_state s
    WHERE s.schema IS NULL AND s.oid <> 0;
    PERFORM pg_temp.chirodb_settle();
END
$chirodb$;
