"""PUBLIC may do something outside of what is managed, where no plan looks."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "public-access", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, kind, privileges, names in seen.rows.get("public", ()):
        if kind == "schema":
            continue
        words = ", ".join(privileges)
        listed = ", ".join(str(sql.Name(schema, name)) for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        objects = ", ".join(str(sql.Name(schema, name)) for name in names)
        yield finding(
            SLUG,
            f"{schema}.{kind}.{'+'.join(privileges)}",
            f"PUBLIC has {words} on {kind} {listed}{more}",
            evidence="every role that may connect has it",
            fix=f"REVOKE {words} ON {objects} FROM PUBLIC;",
        )
