-- What depends on objects without being one of them or a part of one.
WITH own AS MATERIALIZED (
    SELECT classid, objid FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) AS given (classid, objid)
)
SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0)
FROM own
JOIN pg_catalog.pg_depend AS d ON (d.refclassid, d.refobjid) = (own.classid, own.objid)
WHERE NOT EXISTS (SELECT FROM own AS o WHERE (o.classid, o.objid) = (d.classid, d.objid))
    AND (d.deptype <> 'i' OR d.classid <> 'pg_catalog.pg_class'::pg_catalog.regclass)
ORDER BY 1
