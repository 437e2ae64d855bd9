"""Why a server refuses a login, whatever language it speaks."""

from __future__ import annotations

# SQLSTATE, function in the server, step, what is wrong, what mends it.
REASONS = (
    (
        "28P01", "", "authentication", "the password of {role} is wrong, or there is no such role",
        "chirodb password rotate {role}, or correct the password where the service reads it",
    ),
    (
        "28000", "", "authentication", "{role} does not exist or may not log in",
        "chirodb apply, or ALTER ROLE {role} LOGIN",
    ),
    ("3D000", "", "database", "the database {database} does not exist", "chirodb apply"),
    (
        "42501", "", "CONNECT", "{role} may not connect to {database}",
        "GRANT CONNECT ON DATABASE {database} TO {role}",
    ),
    (
        "55000", "", "database", "the database {database} takes no connections",
        "ALTER DATABASE {database} ALLOW_CONNECTIONS true",
    ),
    (
        "53300", "InitializeSessionUserId", "limits", "{role} is at its connection limit",
        "end idle sessions of it, or ALTER ROLE {role} CONNECTION LIMIT with more",
    ),
    (
        "53300", "CheckMyDatabase", "limits", "{database} is at its connection limit",
        "end idle sessions in it, or ALTER DATABASE {database} CONNECTION LIMIT with more",
    ),
    (
        "53300", "", "limits", "all connections of the server are taken",
        "end idle sessions, or raise max_connections; a member of pg_use_reserved_connections (16"
        " and up) or a superuser can still look: run the doctor as one",
    ),
    (
        "57P03", "", "database", "the server is starting up or shutting down",
        "wait, and look into the server's log",
    ),
)  # fmt: skip
