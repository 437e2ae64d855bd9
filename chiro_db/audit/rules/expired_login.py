"""A login role whose password has expired: nobody can use it, nobody has removed it."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "expired-login", "warning"


def findings(seen: Seen) -> Iterator[Finding]:
    for account in seen.strangers():
        if account.login and account.expired:
            role = sql.Name(account.name)
            yield finding(
                SLUG,
                account.name,
                f"the password of login role {role} has expired",
                evidence=f"valid until {account.valid_until}",
                fix=f"ALTER ROLE {role} NOLOGIN; or drop it, or set `valid_until:`",
            )
