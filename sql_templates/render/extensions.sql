DO $chirodb$
DECLARE
    extension record;
BEGIN
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
