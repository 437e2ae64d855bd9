-- The parameters that the connected role was granted SET on (15 and up).
SELECT name
FROM unnest(%(names)s::text[]) AS name
WHERE has_parameter_privilege(name, 'SET')
