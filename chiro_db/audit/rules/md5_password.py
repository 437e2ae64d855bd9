"""A password that is kept as an MD5 hash can be used as it is by whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "md5-password", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    for (name,) in seen.rows.get("passwords", ()):
        if not seen.scope.ignored(name):
            yield finding(
                SLUG,
                name,
                f"the password of role {sql.Name(name)} is kept as an MD5 hash",
                evidence="pg_authid.rolpassword begins with md5",
                fix=f"chirodb password rotate {name}",
            )
