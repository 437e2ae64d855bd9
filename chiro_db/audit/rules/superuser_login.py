"""A superuser that logs in passes every check of privileges and policies."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "superuser-login", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    for account in seen.strangers():
        if account.superuser and account.login:
            role = sql.Name(account.name)
            yield finding(
                SLUG,
                account.name,
                f"superuser {role} may log in",
                evidence="rolsuper and rolcanlogin",
                fix=f"ALTER ROLE {role} NOSUPERUSER;",
            )
