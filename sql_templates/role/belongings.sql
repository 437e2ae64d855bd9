-- What roles to be dropped own or hold that REASSIGN OWNED and DROP OWNED in this database
-- would not reach, or would drop in silence.
SELECT r.rolname::text AS role,
       CASE
           WHEN d.dbid <> 0 AND d.dbid <> here.oid THEN 'elsewhere'
           WHEN d.classid = 'pg_database'::regclass AND d.deptype = 'o' AND d.objid <> here.oid
               THEN 'database'
           WHEN d.classid = 'pg_policy'::regclass THEN 'policy'
           WHEN d.classid = 'pg_user_mapping'::regclass THEN 'user mapping'
           WHEN d.deptype = 'o' AND d.dbid = here.oid THEN 'owned'
           WHEN d.deptype = 'o' THEN 'owned'
           ELSE 'held'
       END AS relation,
       coalesce(db.datname, here.datname)::text AS database,
       CASE
           WHEN d.dbid <> 0 AND d.dbid <> here.oid THEN d.classid::regclass::text
           ELSE pg_describe_object(d.classid, d.objid, d.objsubid)
       END AS object,
       coalesce(p.polroles = ARRAY[r.oid], false) AS alone
FROM pg_shdepend d
JOIN pg_roles r ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
CROSS JOIN (SELECT oid, datname FROM pg_database WHERE datname = current_database()) here
LEFT JOIN pg_database db ON db.oid = d.dbid
LEFT JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND d.dbid = here.oid AND p.oid = d.objid
WHERE r.rolname = ANY(%(absent)s)
ORDER BY 1, 2, 3, 4
