"""Objects outside of the services' schemas whose owner the spec does not name."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "undeclared-owner", "warning"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, owner, number in seen.rows.get("owners", ()):
        scope = seen.scope
        if owner in scope.named or owner in scope.administrators or scope.ignored(owner):
            continue
        if owner in seen.world.roles.superusers or owner.startswith("pg_"):
            continue
        role = sql.Name(owner)
        yield finding(
            SLUG,
            f"{schema}.{owner}",
            f"role {role}, which the spec does not name, owns {number} objects in schema"
            f" {sql.Name(schema)}",
            evidence="pg_class, pg_proc and pg_namespace",
            fix=f"REASSIGN OWNED BY {role} TO ...; or declare {role} under `roles:`",
        )
