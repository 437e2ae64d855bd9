"""A login role that nothing declares may connect."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "undeclared-login", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    database = sql.Name(seen.world.database)
    for account in seen.strangers():
        if not account.login or account.superuser or seen.declared(account.name):
            continue
        if grantees := seen.connects(account.name):
            role = sql.Name(account.name)
            whose = ", ".join(str(sql.grantee(grantee)) for grantee in grantees)
            yield finding(
                SLUG,
                account.name,
                f"role {role}, which the spec does not name, may connect to {database}",
                evidence=f"has_database_privilege({sql.Text(account.name)}, current_database(),"
                " 'CONNECT')",
                fix=f"REVOKE CONNECT ON DATABASE {database} FROM {whose};"
                " or declare it under `roles:`",
            )
