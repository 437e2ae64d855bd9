"""Attributes that reach beyond grants, of a login role for which the spec does not ask them."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "privileged-login", "error"
_ATTRIBUTES = ("bypassrls", "replication", "createrole", "createdb")


def findings(seen: Seen) -> Iterator[Finding]:
    for account in seen.strangers():
        written = seen.scope.role(account.name)
        extra = [
            attribute.upper()
            for attribute in _ATTRIBUTES
            if getattr(account, attribute)
            and not (written is not None and getattr(written, attribute))
        ]
        if extra and account.login and not account.superuser:
            role = sql.Name(account.name)
            yield finding(
                SLUG,
                account.name,
                f"login role {role} has {', '.join(extra)}, for which the spec does not ask",
                evidence="attributes in pg_roles",
                fix=f"ALTER ROLE {role} {' '.join(f'NO{word}' for word in extra)};",
            )
