"""A table whose rows nothing identifies: logical replication and audits cannot tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "table-without-primary-key", "warning"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, name, _, keyed, _, _ in seen.rows.get("tables", ()):
        if not keyed:
            table = sql.Name(schema, name)
            yield finding(
                SLUG,
                f"{schema}.{name}",
                f"table {table} has no primary key",
                evidence="no row with contype p in pg_constraint",
                fix=f"ALTER TABLE {table} ADD PRIMARY KEY (...);",
            )
