-- Everything in the services' schemas, grouped: one row for each schema, type, owner and ACL.
-- Left out: what belongs to an extension, and what belongs to a table or another type.
WITH managed AS MATERIALIZED (
    SELECT n.oid, n.nspname, wanted.owner
    FROM unnest(%(schemas)s::text[], %(owners)s::text[]) AS wanted (name, owner)
    JOIN pg_namespace n ON n.nspname = wanted.name
),
extended AS MATERIALIZED (
    SELECT classid, objid
    FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
),
grouped AS (
    SELECT m.nspname, 'table' AS type, 'r'::"char" AS code, c.relowner AS owner, c.relacl AS acl,
           false AS linked, array_agg(c.relname::text) AS names, NULL::text[] AS arguments
    FROM pg_class c
    JOIN managed m ON m.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND c.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_class'::regclass)
    GROUP BY m.nspname, c.relowner, c.relacl
    UNION ALL
    SELECT s.nspname, 'sequence', 's', s.relowner, s.relacl, s.linked, array_agg(s.relname::text),
           NULL
    FROM (
        SELECT m.nspname, c.relname, c.relowner, c.relacl,
               -- the owner of a serial or identity column's sequence is its table's
               pg_get_userbyid(c.relowner) <> m.owner AND EXISTS (
                   SELECT FROM pg_depend d
                   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                     AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
               ) AS linked
        FROM pg_class c
        JOIN managed m ON m.oid = c.relnamespace
        WHERE c.relkind = 'S'
          AND c.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_class'::regclass)
    ) s
    GROUP BY s.nspname, s.relowner, s.relacl, s.linked
    UNION ALL
    SELECT m.nspname, 'routine', 'f', p.proowner, p.proacl, false, array_agg(p.proname::text),
           array_agg(oidvectortypes(p.proargtypes))
    FROM pg_proc p
    JOIN managed m ON m.oid = p.pronamespace
    WHERE p.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_proc'::regclass)
      -- the constructors of a range type: the bootstrap superuser's, whoever makes the type
      AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
            AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i'
      )
    GROUP BY m.nspname, p.proowner, p.proacl
    UNION ALL
    SELECT m.nspname, 'type', 'T', t.typowner, t.typacl, false, array_agg(t.typname::text), NULL
    FROM pg_type t
    JOIN managed m ON m.oid = t.typnamespace
    WHERE (t.typtype IN ('b', 'c', 'd', 'e', 'r')
           -- from 17 on a multirange is its range's in everything
           OR t.typtype = 'm' AND current_setting('server_version_num')::int < 170000)
      AND (t.typrelid = 0 OR t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
      AND NOT (t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1)
      AND t.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_type'::regclass)
    GROUP BY m.nspname, t.typowner, t.typacl
)
SELECT nspname::text AS schema,
       type,
       pg_get_userbyid(owner)::text AS owner,
       coalesce(acl, acldefault(code, owner))::text[] AS acl,
       linked,
       names,
       arguments
FROM grouped
