-- Passwords that are kept as MD5 hashes; a superuser alone may see it.
SELECT rolname::text
FROM pg_authid
WHERE rolpassword LIKE 'md5%%' AND rolcanlogin AND %(schemas)s::text[] IS NOT NULL
ORDER BY 1
