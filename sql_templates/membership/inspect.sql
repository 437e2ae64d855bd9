-- All of them: what a cascade takes depends on memberships that are not managed, too.
-- Up to 15 a membership has no options of its own but ADMIN: the member's INHERIT decides.
SELECT g.rolname::text AS role,
       m.rolname::text AS member,
       coalesce(by.rolname::text, '') AS grantor,
       -- as CREATE ROLE makes them from 16 on; a superuser's GRANT has the same grantor
       coalesce(
           by.oid = 10 AND a.admin_option
           AND to_jsonb(a) @> '{"inherit_option": false, "set_option": false}',
           false
       ) AS automatic,
       a.admin_option AS admin,
       coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit) AS inherit,
       coalesce((to_jsonb(a) ->> 'set_option')::boolean, true) AS set,
       g.rolname = ANY(%(roles)s)
           OR (m.rolname = ANY(%(roles)s) AND g.rolname LIKE 'pg\_%%') AS managed
FROM pg_auth_members a
JOIN pg_roles g ON g.oid = a.roleid
JOIN pg_roles m ON m.oid = a.member
LEFT JOIN pg_roles by ON by.oid = a.grantor
