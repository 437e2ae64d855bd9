SELECT id, at, command, login, role, os_user, host, host(client_address) AS client_address, application_name, actor,
       job, target, services, spec_digest, git_commit, git_dirty, chirodb, created, changed,
       removed, hazards, cardinality(statements) AS statement_count, statements
FROM ONLY chirodb.history
WHERE id = %(id)s
