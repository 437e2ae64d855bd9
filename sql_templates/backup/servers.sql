-- Foreign servers and the wrappers that no extension brings.
SELECT 'pg_foreign_data_wrapper', w.oid::bigint, pg_catalog.concat_ws(' ',
    pg_catalog.format('CREATE FOREIGN DATA WRAPPER %%I', w.fdwname),
    'HANDLER ' || NULLIF(w.fdwhandler, 0)::pg_catalog.regproc,
    'VALIDATOR ' || NULLIF(w.fdwvalidator, 0)::pg_catalog.regproc,
    'OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%%I %%L', option_name, option_value), ', ')
        FROM pg_catalog.pg_options_to_table(w.fdwoptions)) || ')')
FROM pg_catalog.pg_foreign_data_wrapper AS w
WHERE w.oid = ANY (%(objects)s::oid[])
UNION ALL
SELECT 'pg_foreign_server', s.oid::bigint, pg_catalog.concat_ws(' ',
    pg_catalog.format('CREATE SERVER %%I', s.srvname),
    'TYPE ' || pg_catalog.quote_literal(s.srvtype),
    'VERSION ' || pg_catalog.quote_literal(s.srvversion),
    pg_catalog.format('FOREIGN DATA WRAPPER %%I', w.fdwname),
    'OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%%I %%L', option_name, option_value), ', ')
        FROM pg_catalog.pg_options_to_table(s.srvoptions)) || ')')
FROM pg_catalog.pg_foreign_server AS s
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE s.oid = ANY (%(objects)s::oid[])
