-- Roles with `state: absent`: what they own goes to the heir, and they go, unless something else
-- would go with them.
CREATE FUNCTION pg_temp.chirodb_refuse() RETURNS void LANGUAGE plpgsql AS $chirodb$
DECLARE
    refused record;
BEGIN
    FOR refused IN
        SELECT a.name
        FROM pg_temp.chirodb_absent a
        JOIN pg_temp.chirodb_administrator USING (name)
    LOOP
        RAISE EXCEPTION 'role % is an administrator here and cannot be dropped',
            quote_ident(refused.name);
    END LOOP;
    FOR refused IN
        SELECT a.name, v.reason, string_agg(v.object, ', ' ORDER BY v.object) AS objects
        FROM pg_temp.chirodb_absent a
        JOIN pg_temp.chirodb_belonging b ON b.role = a.name
        CROSS JOIN LATERAL (
            SELECT CASE
                       WHEN b.relation = 'user mapping' OR b.alone THEN 'would be dropped with it'
                       WHEN b.relation IN ('elsewhere', 'database')
                           THEN 'it still holds elsewhere; connect there and run REASSIGN OWNED'
                                ' and DROP OWNED'
                       WHEN b.relation = 'owned' AND a.heir IS NULL
                           THEN 'it owns; say `reassign_to:`'
                   END AS reason,
                   b.object || CASE WHEN b.relation IN ('elsewhere', 'database')
                                   THEN ' in database ' || quote_ident(b.database) ELSE '' END
                   AS object
        ) AS v
        WHERE v.reason IS NOT NULL
        GROUP BY 1, 2
        ORDER BY 1, 2
    LOOP
        RAISE EXCEPTION 'role % cannot be dropped: %', quote_ident(refused.name), refused.reason
            USING DETAIL = left(refused.objects, 1000);
    END LOOP;
END
$chirodb$;
DO $chirodb$ BEGIN PERFORM pg_temp.chirodb_refuse(); END $chirodb$;
