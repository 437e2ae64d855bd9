INSERT INTO chirodb.history (
    at, command, login, role, os_user, host, client_address, application_name, actor, job, target,
    services, spec_digest, git_commit, git_dirty, chirodb, created, changed, removed, hazards,
    statements
)
VALUES (
    clock_timestamp(), %(command)s, session_user, current_user, %(os_user)s, %(host)s,
    inet_client_addr(), current_setting('application_name'), %(actor)s, %(job)s, %(target)s,
    %(services)s, %(spec_digest)s, %(git_commit)s, %(git_dirty)s, %(chirodb)s, %(created)s,
    %(changed)s, %(removed)s, %(hazards)s, %(statements)s
)
