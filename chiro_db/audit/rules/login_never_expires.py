"""A login role without an end to its password."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "login-never-expires", "off"


def findings(seen: Seen) -> Iterator[Finding]:
    for account in seen.strangers():
        if account.login and account.valid_until in (None, "infinity"):
            role = sql.Name(account.name)
            yield finding(
                SLUG,
                account.name,
                f"the password of login role {role} never expires",
                evidence="rolvaliduntil is not set",
                fix=f"`roles: {{{account.name}: {{valid_until: 2027-06-30}}}}`",
            )
