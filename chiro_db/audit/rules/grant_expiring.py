"""A grant of the spec that ends soon, or has ended and is there until the next apply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from chiro_db.audit.seen import Seen, finding
from chiro_db.model.acl import Source
from chiro_db.model.finding import Finding

SLUG, SEVERITY = "grant-expiring", "warning"
_SOON = timedelta(days=30)


def findings(seen: Seen) -> Iterator[Finding]:
    for source, to, until in _grants(seen):
        if until is None or until > seen.scope.today + _SOON:
            continue
        ended = until <= seen.scope.today
        yield finding(
            SLUG,
            ".".join(map(str, source)),
            f"the grant to {', '.join(to)} {'has ended on' if ended else 'ends on'} {until}",
            evidence="`until:` in the spec",
            fix="`chirodb apply` takes it away" if ended else "extend `until:`, or let it end",
            source=source,
        )


def _grants(seen: Seen) -> Iterator[tuple[Source, tuple[str, ...], date | None]]:
    for i, above in enumerate(seen.scope.spec.database.grants):
        yield ("database", "grants", i), above.to, above.until
    for name, service in seen.scope.services.items():
        for i, grant in enumerate(service.grants):
            yield ("services", name, "grants", i), grant.to, grant.until
