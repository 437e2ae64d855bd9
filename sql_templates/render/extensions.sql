-- Extensions: those that others require come first; where no schema is named they go to `public`.
DO $chirodb$
DECLARE
    extension record;
BEGIN
    LOOP
        SELECT w.name, w.schema
        INTO extension
        FROM pg_temp.chirodb_extension w
        LEFT JOIN pg_available_extensions a ON a.name = w.name
        LEFT JOIN pg_available_extension_versions v
            ON v.name = w.name AND v.version = a.default_version
        WHERE w.name NOT IN (SELECT extname FROM pg_extension)
        ORDER BY (
            SELECT count(*) FROM unnest(v.requires) AS r (name)
            WHERE r.name NOT IN (SELECT extname FROM pg_extension)
        ), w.name
        LIMIT 1;
        EXIT WHEN NOT FOUND;
        PERFORM set_config('search_path', 'public', true);
        EXECUTE format('CREATE EXTENSION %I', extension.name)
            || coalesce(' WITH SCHEMA ' || quote_ident(extension.schema), '');
        PERFORM set_config('search_path', '', true);
    END LOOP;
    FOR extension IN
        SELECT w.name, w.schema
        FROM pg_temp.chirodb_extension w
        JOIN pg_extension e ON e.extname = w.name
        JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE n.nspname <> w.schema
    LOOP
        EXECUTE format('ALTER EXTENSION %I SET SCHEMA %I', extension.name, extension.schema);
    END LOOP;
END
$chirodb$;
