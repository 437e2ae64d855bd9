-- Everything in the services' schemas, grouped: one row for each schema, type, owner and ACL.
-- Left out: what belongs to an extension, and what belongs to a table or another type.
-- Each catalog is read once: pg_class alone takes as long as all other queries together.
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
-- Types alone would as well mean a procedure whose OUT arguments count; a mode says that they do not.
ambiguous AS MATERIALIZED (
    SELECT p.oid
    FROM pg_proc o
    JOIN managed m ON m.oid = o.pronamespace
    JOIN pg_proc p ON p.pronamespace = o.pronamespace AND p.proname = o.proname AND p.oid <> o.oid
    WHERE o.prokind = 'p' AND array_to_string(o.proallargtypes, ' ') = p.proargtypes::text
),
grouped AS (
    SELECT r.schema, r.type, r.owner, r.acl, r.linked, array_agg(r.name) AS names,
           NULL::text[] AS arguments
    FROM (
        SELECT c.relnamespace AS schema,
               CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'table' END AS type,
               c.relowner AS owner,
               CASE c.relkind
                   WHEN 'c' THEN (SELECT t.typacl FROM pg_type t WHERE t.oid = c.reltype)
                   ELSE c.relacl
               END AS acl,
               -- the owner of a serial or identity column's sequence is its table's
               c.relkind = 'S' AND pg_get_userbyid(c.relowner) <> m.owner AND EXISTS (
                   SELECT FROM pg_depend d
                   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                     AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
               ) AS linked,
               c.relname::text AS name
        FROM pg_class c
        JOIN managed m ON m.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
          AND (c.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_class'::regclass)
               -- of a composite type it is the type that belongs to the extension
               OR c.relkind = 'c')
          AND (c.relkind <> 'c'
               OR c.reltype NOT IN (SELECT objid FROM extended WHERE classid = 'pg_type'::regclass))
    ) r
    GROUP BY r.schema, r.type, r.owner, r.acl, r.linked
    UNION ALL
    SELECT p.pronamespace, 'routine', p.proowner, p.proacl, false, array_agg(p.proname::text),
           array_agg(CASE WHEN p.oid IN (SELECT oid FROM ambiguous) THEN 'IN ' ELSE '' END
                     || oidvectortypes(p.proargtypes))
    FROM pg_proc p
    JOIN managed m ON m.oid = p.pronamespace
    WHERE p.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_proc'::regclass)
      -- The constructors of a range type are the bootstrap superuser's, whoever makes the type:
      -- for superusers to hand over, and nothing to anyone else (docs/decisions/0011).
      AND (p.proowner <> 10
           OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
           OR NOT EXISTS (
               SELECT FROM pg_depend d
               WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                 AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i'
           ))
    GROUP BY p.pronamespace, p.proowner, p.proacl
    UNION ALL
    SELECT t.typnamespace, 'type', t.typowner, t.typacl, false, array_agg(t.typname::text), NULL
    FROM pg_type t
    JOIN managed m ON m.oid = t.typnamespace
    WHERE t.typrelid = 0
      AND (t.typtype IN ('b', 'd', 'e', 'r')
           -- from 17 on a multirange is its range's in everything
           OR t.typtype = 'm' AND current_setting('server_version_num')::int < 170000)
      AND NOT (t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1)
      AND t.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_type'::regclass)
    GROUP BY t.typnamespace, t.typowner, t.typacl
)
SELECT m.nspname::text AS schema,
       g.type,
       pg_get_userbyid(g.owner)::text AS owner,
       coalesce(g.acl, acldefault(
           CASE g.type WHEN 'table' THEN 'r' WHEN 'sequence' THEN 's' WHEN 'routine' THEN 'f' ELSE 'T'
           END::"char",
           g.owner
       ))::text[] AS acl,
       g.linked,
       g.names,
       g.arguments
FROM grouped g
JOIN managed m ON m.oid = g.schema
