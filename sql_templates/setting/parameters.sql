-- What the server knows about the parameters that the spec names.
SELECT name::text,
       vartype AS type,
       unit,
       enumvals AS choices,
       context
FROM pg_settings
WHERE lower(name) = ANY(%(names)s)
  AND short_desc <> 'GUC placeholder variable'  -- as unknown as without it
