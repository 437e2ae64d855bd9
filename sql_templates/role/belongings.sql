-- What roles to be dropped own or hold; above all what REASSIGN OWNED and DROP OWNED in this
-- database would not reach, or would drop in silence.
WITH here AS MATERIALIZED (
    -- the spec's database; while it does not exist, everything is elsewhere
    SELECT coalesce((SELECT oid FROM pg_database WHERE datname = %(database)s), 0) AS oid
),
belonging AS MATERIALIZED (
    SELECT r.oid AS role, r.rolname, d.*, d.dbid <> 0 AND d.dbid <> here.oid AS elsewhere,
           here.oid AS here, coalesce(n.nspname, o.nspname) AS schema,
           coalesce(c.relowner, f.proowner, t.typowner, n.nspowner) AS whose
    FROM pg_shdepend d
    JOIN pg_roles r ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
    CROSS JOIN here
    LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
    LEFT JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid
    LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
    LEFT JOIN pg_namespace o ON o.oid IN (c.relnamespace, f.pronamespace, t.typnamespace)
    LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
    WHERE r.rolname = ANY(%(absent)s)
),
acls AS MATERIALIZED (
    -- privileges on what is not managed: DROP OWNED revokes with CASCADE
    SELECT b.role, b.classid, b.objid, x.acl
    FROM belonging b
    CROSS JOIN LATERAL (
        SELECT relacl AS acl FROM pg_class
        WHERE b.classid = 'pg_class'::regclass AND oid = b.objid
          AND NOT pg_get_userbyid(relowner) = ANY(%(absent)s)
          AND NOT relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s))
        UNION ALL
        SELECT proacl FROM pg_proc
        WHERE b.classid = 'pg_proc'::regclass AND oid = b.objid
          AND NOT pg_get_userbyid(proowner) = ANY(%(absent)s)
          AND NOT pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s))
        UNION ALL
        SELECT typacl FROM pg_type
        WHERE b.classid = 'pg_type'::regclass AND oid = b.objid
          AND NOT pg_get_userbyid(typowner) = ANY(%(absent)s)
          AND NOT typnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s))
        UNION ALL
        SELECT nspacl FROM pg_namespace
        WHERE b.classid = 'pg_namespace'::regclass AND oid = b.objid
          AND NOT pg_get_userbyid(nspowner) = ANY(%(absent)s)
          AND NOT nspname = ANY(%(schemas)s || '{public}'::text[])
        UNION ALL
        SELECT srvacl FROM pg_foreign_server
        WHERE b.classid = 'pg_foreign_server'::regclass AND oid = b.objid
          AND NOT pg_get_userbyid(srvowner) = ANY(%(absent)s)
    ) x
    WHERE b.deptype = 'a' AND NOT b.elsewhere
)
SELECT b.rolname::text AS role,
       CASE
           WHEN b.elsewhere THEN 'elsewhere'
           WHEN b.classid = 'pg_database'::regclass AND b.deptype = 'o' AND b.objid <> b.here
               THEN 'database'
           WHEN b.classid = 'pg_policy'::regclass THEN 'policy'
           WHEN b.classid = 'pg_user_mapping'::regclass THEN 'user mapping'
           WHEN b.classid = 'pg_default_acl'::regclass THEN 'held'
           -- the plan hands it over to the owner of the schema before
           WHEN b.deptype = 'o' AND b.dbid = b.here AND b.schema = ANY(%(schemas)s) THEN 'managed'
           WHEN b.deptype = 'o' THEN 'owned'
           ELSE 'held'
       END AS relation,
       coalesce(db.datname, %(database)s)::text AS database,
       CASE
           WHEN b.elsewhere THEN b.classid::regclass::text
           ELSE pg_describe_object(b.classid, b.objid, b.objsubid)
       END AS object,
       coalesce(p.polroles = ARRAY[b.role], false) AS alone,
       -- who gives the privilege, where no change of the plan takes it before
       CASE
           WHEN b.deptype = 'a' AND NOT b.elsewhere AND NOT b.schema = ANY(%(schemas)s)
                AND NOT (b.classid = 'pg_namespace'::regclass AND b.schema = 'public')
               THEN pg_get_userbyid(b.whose)::text
       END AS owner
FROM belonging b
LEFT JOIN pg_database db ON db.oid = b.dbid
LEFT JOIN pg_policy p ON b.classid = 'pg_policy'::regclass AND NOT b.elsewhere AND p.oid = b.objid
UNION ALL
SELECT DISTINCT pg_get_userbyid(a.role)::text,
       'granted',
       %(database)s,
       'the privileges of '
           || CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END
           || ' on ' || pg_describe_object(a.classid, a.objid, 0),
       true,
       NULL
FROM acls a
CROSS JOIN LATERAL aclexplode(a.acl) e
WHERE e.grantor = a.role AND e.grantee <> a.role
UNION ALL
-- from 16 on a membership goes with who granted it
SELECT by.rolname::text,
       'granted',
       %(database)s,
       'the membership of ' || m.rolname || ' in ' || g.rolname,
       true,
       NULL
FROM pg_auth_members a
JOIN pg_roles by ON by.oid = a.grantor
JOIN pg_roles m ON m.oid = a.member
JOIN pg_roles g ON g.oid = a.roleid
WHERE by.rolname = ANY(%(absent)s)
  AND current_setting('server_version_num')::int >= 160000
  AND NOT g.rolname = ANY(%(roles)s)
  AND NOT (g.rolname LIKE 'pg\_%%' AND m.rolname = ANY(%(roles)s))
  AND NOT m.rolname = ANY(%(absent)s)
ORDER BY 1, 2, 3, 4
