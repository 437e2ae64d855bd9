DO $chirodb$
DECLARE
    gone record;
BEGIN
    PERFORM pg_temp.chirodb_refuse();
    FOR gone IN
        SELECT a.name, a.heir
        FROM pg_temp.chirodb_absent a
        JOIN pg_roles r ON r.rolname = a.name
        ORDER BY 1
    LOOP
        PERFORM pg_temp.chirodb_reach(array_remove(ARRAY[gone.name, gone.heir], NULL));
        -- never nobody: DROP OWNED would drop what is left
        EXECUTE format('REASSIGN OWNED BY %I TO %I', gone.name, coalesce(gone.heir, current_user));
        EXECUTE format('DROP OWNED BY %I', gone.name);
        EXECUTE format('DROP ROLE %I', gone.name);
    END LOOP;
END
$chirodb$;
