-- What the server knows about the parameters that the spec names.
SELECT name::text,
       vartype AS type,
       unit,
       enumvals AS choices,
       context,
       -- what a session of chirodb's own has is not what others get
       CASE WHEN source IN ('default', 'configuration file', 'command line',
                            'environment variable')
            THEN reset_val END AS everywhere
FROM pg_settings
WHERE lower(name) = ANY(%(names)s)
  AND short_desc <> 'GUC placeholder variable'  -- as unknown as without it
