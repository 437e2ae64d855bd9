"""What the doctor says, made by hand."""

from __future__ import annotations

from chiro_db.observe.finding import Checkup, found, ok, unchecked

ILL = Checkup(
    "chiro_erp",
    "db.internal:5432",
    (
        ok("connection", "name", "db.internal is 10.0.0.1"),
        found(
            "connection",
            "limits",
            "97 of 97 connections of the server are taken",
            "61 of commerce_app in chiro_erp, leaky\x1b[31m pool, idle",
            "12 of finance_app in chiro_erp, without application_name, idle in transaction",
            mend="end what is idle (above), give each service a pool and `connection_limit:`,"
            " or raise max_connections",
        ),
        unchecked("commerce", "authentication", "no password of commerce_app is known here"),
        found(
            "commerce",
            "CONNECT",
            "commerce_app may not connect to chiro_erp",
            "has_database_privilege('commerce_app', 'chiro_erp', 'CONNECT') is false",
            mend="GRANT CONNECT ON DATABASE chiro_erp TO commerce_app",
        ),
        ok("commerce", "locks", "nobody waits"),
    ),
)
