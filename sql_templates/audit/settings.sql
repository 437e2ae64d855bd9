SELECT name, setting
FROM pg_settings
WHERE name IN ('ssl', 'password_encryption', 'row_security', 'log_connections')
  AND %(schemas)s::text[] IS NOT NULL
ORDER BY name
