-- Columns: those with an ACL of their own, and those that the spec names.
CREATE TEMPORARY TABLE chirodb_cell ON COMMIT DROP AS
SELECT f.item, n.narrow, a.attrelid, a.attnum, c.written
FROM pg_temp.chirodb_found f
JOIN pg_temp.chirodb_narrow n ON n.item = f.item AND n.type = 'column'
JOIN pg_temp.chirodb_column c ON c.narrow = n.narrow
JOIN pg_attribute a
    ON a.attrelid = f.oid AND NOT a.attisdropped AND (a.attnum > 0 OR a.attacl IS NOT NULL)
    AND (a.attname::text = c.name OR a.attname::text ~ c.pattern);

CREATE FUNCTION pg_temp.chirodb_columns() RETURNS void LANGUAGE sql AS $chirodb$
    INSERT INTO pg_temp.chirodb_state
        (schema, type, code, oid, attribute, owner, prefix, target, names, columns, narrows,
         is_complete, public_uses)
    SELECT o.schema, 'column', 'c', o.oid, min(a.attnum), o.owner, '', 'TABLE', ARRAY[o.subject],
           ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')', c.narrows,
           false, false
    FROM pg_temp.chirodb_object o
    JOIN pg_attribute a ON a.attrelid = o.oid AND NOT a.attisdropped
    LEFT JOIN (
        SELECT attrelid, attnum, array_agg(DISTINCT narrow) AS narrows
        FROM pg_temp.chirodb_cell
        GROUP BY 1, 2
    ) AS c ON c.attrelid = a.attrelid AND c.attnum = a.attnum
    WHERE o.type IN ('table', 'sequence') AND (a.attacl IS NOT NULL OR c.narrows IS NOT NULL)
    GROUP BY o.schema, o.oid, o.owner, o.subject, a.attacl::text, c.narrows;
    SELECT pg_temp.chirodb_settle();
$chirodb$;

-- A change of owner for the sake of the columns touches the table too: once more then.
DO $chirodb$
BEGIN
    FOR round IN 1..3 LOOP
        DELETE FROM pg_temp.chirodb_merged;
        PERFORM pg_temp.chirodb_objects();
        PERFORM pg_temp.chirodb_columns();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_temp.chirodb_merged);
        PERFORM pg_temp.chirodb_read();
    END LOOP;
END
$chirodb$;

-- What was named and is not there.
SET LOCAL client_min_messages TO notice;
DO $chirodb$
DECLARE
    missing record;
BEGIN
    FOR missing IN
        SELECT CASE n.type WHEN 'routine' THEN 'function' WHEN 'column' THEN 'table' ELSE n.type END
               AS type, n.written, n.schema
        FROM pg_temp.chirodb_narrow n
        WHERE n.item NOT IN (SELECT item FROM pg_temp.chirodb_found)
        ORDER BY n.item
    LOOP
        RAISE NOTICE 'there is no % % in schema %; skipped',
            missing.type, missing.written, quote_ident(missing.schema);
    END LOOP;
    FOR missing IN
        SELECT c.written, f.oid::regclass AS relation
        FROM pg_temp.chirodb_found f
        JOIN pg_temp.chirodb_narrow n ON n.item = f.item AND n.type = 'column'
        JOIN pg_temp.chirodb_column c ON c.narrow = n.narrow
        WHERE NOT EXISTS (
            SELECT FROM pg_temp.chirodb_cell l
            WHERE l.item = f.item AND l.attrelid = f.oid AND l.written = c.written
        )
        ORDER BY n.item, 2, 1
    LOOP
        RAISE NOTICE 'there is no column % in table %; skipped', missing.written, missing.relation;
    END LOOP;
END
$chirodb$;
SET LOCAL client_min_messages TO warning;
