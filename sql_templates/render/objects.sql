-- Everything in the services' schemas but what belongs to an extension.
CREATE TEMPORARY TABLE chirodb_object (
    schema text, type text, code "char", oid oid, name text, subject text, owner oid, acl text,
    is_linked boolean
) ON COMMIT DROP;

CREATE FUNCTION pg_temp.chirodb_read() RETURNS void LANGUAGE sql AS $chirodb$
    DELETE FROM pg_temp.chirodb_object;
    INSERT INTO pg_temp.chirodb_object
    SELECT g.schema, g.type,
           CASE g.type WHEN 'table' THEN 'r' WHEN 'sequence' THEN 's' WHEN 'routine' THEN 'f'
                ELSE 'T' END,
           CASE g.type WHEN 'routine'  -- which knows no mode of an argument
                THEN to_regprocedure(format('%I.%I(%s)', g.schema, i.name,
                                            regexp_replace(i.arguments, '^IN ', '')))::oid
                WHEN 'type' THEN to_regtype(s.subject)::oid
                ELSE to_regclass(s.subject)::oid END,
           i.name, s.subject, r.oid, g.acl::text, g.linked
    FROM pg_temp.chirodb_group g
    JOIN pg_roles r ON r.rolname = g.owner
    CROSS JOIN LATERAL unnest(g.names, g.arguments) AS i (name, arguments)
    CROSS JOIN LATERAL (
        SELECT format('%I.%I', g.schema, i.name)
            || CASE g.type WHEN 'routine' THEN '(' || i.arguments || ')' ELSE '' END AS subject
    ) AS s;
$chirodb$;

-- What neither the owner nor a creator owns is the owner's. A column's sequence follows its table.
DO $chirodb$
DECLARE
    item record;
    changed boolean := false;
BEGIN
    PERFORM pg_temp.chirodb_read();
    CREATE TEMPORARY TABLE chirodb_stray ON COMMIT DROP AS
    SELECT o.type, o.subject, m.role, pg_get_userbyid(o.owner)::text AS owner
    FROM pg_temp.chirodb_object o
    JOIN pg_temp.chirodb_maker m ON m.schema = o.schema AND m.owner
    WHERE NOT EXISTS (
              SELECT FROM pg_temp.chirodb_maker k
              WHERE k.schema = o.schema AND k.role = pg_get_userbyid(o.owner)
          )
      AND NOT o.is_linked;
    PERFORM pg_temp.chirodb_reach(array_agg(DISTINCT owner)) FROM pg_temp.chirodb_stray;
    FOR item IN SELECT * FROM pg_temp.chirodb_stray ORDER BY type, subject LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', upper(item.type), item.subject, item.role);
        changed := true;
    END LOOP;
    IF changed THEN
        PERFORM pg_temp.chirodb_read();
    END IF;
END
$chirodb$;
ANALYZE pg_temp.chirodb_object;

-- A type as the spec's lines have it: "integer", or "schema"."type" of other schemas than PostgreSQL's.
CREATE FUNCTION pg_temp.chirodb_type(type oid) RETURNS text LANGUAGE sql STABLE AS $chirodb$
    SELECT CASE WHEN n.nspname = 'pg_catalog' THEN ''
                ELSE '"' || replace(n.nspname, '"', '""') || '".' END
        || '"' || replace(
            CASE WHEN n.nspname = 'pg_catalog'
                THEN replace(regexp_replace(format_type(b.oid, NULL), '^"(.*)"$', '\1'), '""', '"')
                ELSE b.typname END
            || CASE WHEN b.oid <> t.oid THEN '[]' ELSE '' END, '"', '""') || '"'
    FROM pg_type t
    JOIN pg_type b
        ON b.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A'
                        THEN t.typelem ELSE t.oid END
    JOIN pg_namespace n ON n.oid = b.typnamespace
    WHERE t.oid = chirodb_type.type;
$chirodb$;

-- Which of the names that exist the narrowed grants mean.
CREATE TEMPORARY TABLE chirodb_found ON COMMIT DROP AS
SELECT n.item, n.narrow, o.type, o.oid
FROM pg_temp.chirodb_narrow n
JOIN pg_temp.chirodb_object o
    ON o.schema = n.schema AND o.type = CASE n.type WHEN 'column' THEN 'table' ELSE n.type END
    AND (o.name = n.name OR o.name ~ n.pattern)
LEFT JOIN pg_proc p ON n.type = 'routine' AND p.oid = o.oid
WHERE n.arguments IS NULL
   OR p.pronargs = cardinality(n.arguments) AND NOT EXISTS (
       SELECT
       FROM unnest(p.proargtypes::oid[], n.arguments) AS pair (have, want)
       WHERE pg_temp.chirodb_type(pair.have) NOT IN (
           pair.want, '"' || replace(o.schema, '"', '""') || '".' || pair.want
       )
   );

CREATE FUNCTION pg_temp.chirodb_objects() RETURNS void LANGUAGE sql AS $chirodb$
    INSERT INTO pg_temp.chirodb_state
        (schema, type, code, oid, owner, prefix, target, names, columns, narrows, is_complete,
         public_uses)
    SELECT o.schema, o.type, o.code, min(o.oid::bigint)::oid, o.owner, '', upper(o.type),
           array_agg(o.subject), '', f.narrows, true, false
    FROM pg_temp.chirodb_object o
    LEFT JOIN (
        SELECT f.type, f.oid, array_agg(DISTINCT f.narrow) AS narrows
        FROM pg_temp.chirodb_found f
        JOIN pg_temp.chirodb_narrow n ON n.item = f.item AND n.type <> 'column'
        GROUP BY 1, 2
    ) AS f ON f.type = o.type AND f.oid = o.oid
    GROUP BY o.schema, o.type, o.code, o.owner, o.acl, f.narrows;
    SELECT pg_temp.chirodb_settle();
$chirodb$;
