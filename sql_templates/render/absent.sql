-- Roles with `state: absent`: what they own goes to the heir, and they go, unless something else
-- would go with them.
CREATE FUNCTION pg_temp.chirodb_refuse() RETURNS void LANGUAGE plpgsql AS $chirodb$
DECLARE
    refused record;
BEGIN
    FOR refused IN
        SELECT a.name, v.reason, string_agg(v.object, ', ' ORDER BY v.object) AS objects
        FROM pg_temp.chirodb_absent a
        JOIN pg_roles r ON r.rolname = a.name
        JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
        CROSS JOIN (SELECT oid FROM pg_database WHERE datname = current_database()) AS here
        LEFT JOIN pg_database b ON b.oid = d.dbid
        LEFT JOIN pg_policy p
            ON d.classid = 'pg_policy'::regclass AND d.dbid = here.oid AND p.oid = d.objid
        CROSS JOIN LATERAL (
            SELECT CASE
                       WHEN d.dbid NOT IN (0, here.oid)
                            OR d.classid = 'pg_database'::regclass AND d.deptype = 'o'
                               AND d.objid <> here.oid
                           THEN 'it still holds elsewhere; connect there and run REASSIGN OWNED'
                                ' and DROP OWNED'
                       WHEN d.classid = 'pg_user_mapping'::regclass OR p.polroles = ARRAY[r.oid]
                           THEN 'would be dropped with it'
                       WHEN d.deptype = 'o' AND d.classid <> 'pg_policy'::regclass
                            AND a.heir IS NULL
                           THEN 'it owns; say `reassign_to:`'
                   END AS reason,
                   CASE WHEN d.dbid NOT IN (0, here.oid)
                       THEN format('%s in database %I', d.classid::regclass, b.datname)
                       ELSE pg_describe_object(d.classid, d.objid, d.objsubid)
                   END AS object
        ) AS v
        WHERE v.reason IS NOT NULL
        GROUP BY 1, 2
        ORDER BY 1, 2
    LOOP
        RAISE EXCEPTION 'role % cannot be dropped: %', quote_ident(refused.name), refused.reason
            USING DETAIL = left(refused.objects, 1000);
    END LOOP;
    FOR refused IN
        SELECT a.name
        FROM pg_temp.chirodb_absent a
        JOIN pg_temp.chirodb_administrator USING (name)
    LOOP
        RAISE EXCEPTION 'role % is an administrator here and cannot be dropped',
            quote_ident(refused.name);
    END LOOP;
END
$chirodb$;
DO $chirodb$ BEGIN PERFORM pg_temp.chirodb_refuse(); END $chirodb$;
