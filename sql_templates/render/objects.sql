-- Everything in the services' schemas but what belongs to an extension.
CREATE TEMPORARY TABLE chirodb_object (
    schema text, type text, code "char", oid oid, name text, subject text, owner oid, acl text,
    arguments oid[]
) ON COMMIT DROP;

CREATE FUNCTION pg_temp.chirodb_read() RETURNS void LANGUAGE sql AS $chirodb$
    DELETE FROM pg_temp.chirodb_object;
    WITH managed AS MATERIALIZED (
        SELECT n.oid, n.nspname
        FROM pg_namespace n
        JOIN pg_temp.chirodb_maker m ON m.schema = n.nspname AND m.owner
    ),
    extended AS MATERIALIZED (
        SELECT classid, objid
        FROM pg_depend
        WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    )
    INSERT INTO pg_temp.chirodb_object
    SELECT m.nspname, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END,
           CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END, c.oid, c.relname, c.oid::regclass::text,
           c.relowner, c.relacl::text, NULL
    FROM pg_class c
    JOIN managed m ON m.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_class'::regclass)
    UNION ALL
    SELECT m.nspname, 'routine', 'f', p.oid, p.proname, p.oid::regprocedure::text, p.proowner,
           p.proacl::text, p.proargtypes::oid[]
    FROM pg_proc p
    JOIN managed m ON m.oid = p.pronamespace
    WHERE p.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_proc'::regclass)
    UNION ALL
    SELECT m.nspname, 'type', 'T', t.oid, t.typname, t.oid::regtype::text, t.typowner,
           t.typacl::text, NULL
    FROM pg_type t
    JOIN managed m ON m.oid = t.typnamespace
    WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r')
      AND (t.typrelid = 0 OR t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
      AND NOT (t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1)
      AND t.oid NOT IN (SELECT objid FROM extended WHERE classid = 'pg_type'::regclass);
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
      AND NOT (o.type = 'sequence' AND EXISTS (
              SELECT FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid
                AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
          ));
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
WHERE n.arguments IS NULL
   OR cardinality(o.arguments) = cardinality(n.arguments) AND NOT EXISTS (
       SELECT
       FROM unnest(o.arguments, n.arguments) AS pair (have, want)
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
