-- Whether a relation is not there, or only in the place of one: an earlier restore's, still empty.
SELECT c.oid IS NULL OR (
    pg_catalog.obj_description(c.oid, 'pg_class') = %(comment)s AND pg_catalog.pg_relation_size(c.oid) = 0
)
FROM (SELECT pg_catalog.to_regclass(%(name)s)) AS given (found)
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = given.found
