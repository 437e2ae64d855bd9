"""Row security that does not hold for the table's owner, who logs in."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "row-security-bypassed", "warning"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, name, owner, _, row_security, forced in seen.rows.get("tables", ()):
        if row_security and not forced and seen.world.roles.logs_in(owner):
            table = sql.Name(schema, name)
            yield finding(
                SLUG,
                f"{schema}.{name}",
                f"the row security of {table} does not hold for its owner {sql.Name(owner)},"
                " who may log in",
                evidence="relrowsecurity without relforcerowsecurity",
                fix=f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
            )
