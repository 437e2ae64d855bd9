-- The roles that the spec names, every superuser (exempt from revokes) and the connected role.
SELECT rolname::text AS name,
       rolsuper AS superuser,
       rolcreatedb AS createdb,
       rolcreaterole AS createrole,
       rolreplication AS replication,
       rolbypassrls AS bypassrls,
       rolcanlogin AS login,
       rolinherit AS inherit,
       rolconnlimit AS connection_limit,
       CASE WHEN rolvaliduntil = 'infinity' THEN 'infinity'
            ELSE replace(
                to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '.000000', ''
            ) || '+00:00'
       END AS valid_until,
       coalesce(rolvaliduntil <= now(), false) AS expired,
       shobj_description(oid, 'pg_authid') AS comment,
       pg_has_role(oid, 'USAGE') AS usable,
       pg_has_role(
           oid,
           CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
       ) AS settable,
       -- ADMIN that is reached by SET ROLE alone does not count for a GRANT
       EXISTS (
           SELECT
           FROM pg_auth_members a
           WHERE a.roleid = pg_roles.oid AND a.admin_option AND pg_has_role(a.member, 'USAGE')
       ) AS administrable
FROM pg_roles
WHERE rolname = ANY(%(roles)s)
   OR rolsuper
   OR %(everyone)s
   OR rolname = current_user
   -- an ordinary administrator must know whom it can act as
   OR NOT (SELECT me.rolsuper FROM pg_roles me WHERE me.rolname = current_user)
   OR oid = (SELECT datdba FROM pg_database WHERE datname = current_database())
