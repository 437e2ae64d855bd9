-- What objects need from elsewhere: pg_depend, followed to its end. System objects have OIDs below
-- 16384; what belongs to an extension comes with it.
WITH RECURSIVE own AS MATERIALIZED (
    SELECT classid, objid
    FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) AS given (classid, objid)
), member AS MATERIALIZED (
    SELECT d.classid, d.objid, e.extname::text AS extension FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    UNION ALL
    SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, oid, extname::text
    FROM pg_catalog.pg_extension
), need AS (
    SELECT d.refclassid AS classid, d.refobjid AS objid FROM own
    JOIN pg_catalog.pg_depend AS d ON (d.classid, d.objid) = (own.classid, own.objid)
    WHERE d.deptype <> 'e' AND d.refobjid >= 16384
        AND NOT EXISTS (
            SELECT FROM own AS o WHERE (o.classid, o.objid) = (d.refclassid, d.refobjid)
        )
    UNION
    SELECT further.classid, further.objid FROM need
    CROSS JOIN LATERAL (
        SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend AS d
        WHERE (d.classid, d.objid) = (need.classid, need.objid) AND d.deptype <> 'e'
        UNION ALL  -- the checks of a domain, for what they call
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d
        WHERE (d.refclassid, d.refobjid) = (need.classid, need.objid)
            AND d.deptype = 'a' AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
            AND need.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
    ) AS further (classid, objid)
    WHERE further.objid >= 16384
        AND NOT EXISTS (SELECT FROM own AS o WHERE (o.classid, o.objid) = (further.classid, further.objid))
        AND NOT EXISTS (
            SELECT FROM member AS m WHERE (m.classid, m.objid) = (need.classid, need.objid)
        )
)
SELECT n.classid::pg_catalog.regclass::text, n.classid::bigint, n.objid::bigint,
    (SELECT m.extension FROM member AS m WHERE (m.classid, m.objid) = (n.classid, n.objid)
        LIMIT 1),
    a.type, i.schema, i.identity, a.object_names, a.object_args
FROM need AS n
CROSS JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, 0) AS i
CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(n.classid, n.objid, 0) AS a
ORDER BY n.objid
