-- The verifiers of the roles whose password the spec declares; a superuser alone may read them.
SELECT rolname::text AS name, rolpassword AS verifier
FROM pg_authid
WHERE rolname = ANY(%(roles)s)
