-- Every role that is not PostgreSQL's own.
SELECT rolname::text AS name
FROM pg_roles
WHERE rolname !~ '^pg_'
ORDER BY rolname
