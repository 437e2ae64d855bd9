-- Relations of other schemas, as far as something here depends on them: columns and keys, no rows.
SELECT c.relkind::text, n.nspname::text, c.relname::text, r.rolname::text,
    ARRAY(
        SELECT pg_catalog.format('%%I %%s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    ),
    ARRAY(
        SELECT pg_catalog.format('CONSTRAINT %%I %%s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u') ORDER BY k.contype, k.conname
    ),
    CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
WHERE c.oid = ANY (%(relations)s::oid[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
ORDER BY c.oid
