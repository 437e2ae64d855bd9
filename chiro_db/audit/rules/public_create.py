"""Everyone may create objects in a schema, and so put them before others in a search_path."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db import sql
from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "public-create", "error"


def findings(seen: Seen) -> Iterator[Finding]:
    for schema, kind, privileges, _ in seen.rows.get("public", ()):
        if kind == "schema" and "CREATE" in privileges:
            name = sql.Name(schema)
            yield finding(
                SLUG,
                schema,
                f"PUBLIC may create in schema {name}",
                evidence="CVE-2018-1058: whoever creates there may shadow the objects of others",
                fix=f"REVOKE CREATE ON SCHEMA {name} FROM PUBLIC;",
            )
