"""A SECURITY DEFINER function that finds its objects by the caller's search_path."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "definer-without-search-path", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, name, arguments, owner in seen.rows.get("definers", ()):
        if seen.scope.ignored(owner):
            continue
        routine = sql.Routine(schema, name, arguments)
        yield finding(
            SLUG,
            f"{schema}.{name}({arguments})",
            f"{routine} runs as {sql.Name(owner)} with the search_path of its caller",
            evidence="SECURITY DEFINER without SET search_path",
            fix=f"ALTER ROUTINE {routine} SET search_path = {sql.Name(schema)}, pg_temp;",
        )
