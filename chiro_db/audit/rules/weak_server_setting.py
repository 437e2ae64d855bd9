"""Settings of the server that weaken what the roles are protected by."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db.audit.seen import Seen, finding
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "weak-server-setting", "warning"
_WEAK = {
    ("ssl", "off"): "connections are not encrypted",
    ("password_encryption", "md5"): "new passwords are kept as MD5 hashes",
    ("row_security", "off"): "queries on tables with row security fail",
    ("log_connections", "off"): "nobody can tell afterwards who connected",
}


def findings(seen: Seen) -> Iterator[Finding]:
    for name, value in seen.rows.get("settings", ()):
        why = _WEAK.get((name, value))
        if why is not None:
            better = "scram-sha-256" if name == "password_encryption" else "on"
            yield finding(
                SLUG,
                name,
                f"{name} is {value}: {why}",
                evidence=f"SHOW {name}",
                fix=f"ALTER SYSTEM SET {name} = '{better}';",
            )
