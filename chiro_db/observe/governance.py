"""Drift and findings of `audit`, counted by service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from chiro_db.model.finding import Finding
from chiro_db.model.spec import Spec
from chiro_db.observe.families import Sample
from chiro_db.observe.services import services_of_roles

SEVERITIES = ("error", "warning")


def drift(counts: Mapping[str | None, int], spec: Spec) -> Iterator[Sample]:
    """Changes, as those who compared know them."""
    for service in spec.services:
        yield Sample("chirodb_service_drift_changes", counts.get(service, 0), (service,))
    rest = sum(number for name, number in counts.items() if name not in spec.services)
    yield Sample("chirodb_database_drift_changes", rest)


def findings(found: Iterable[Finding], spec: Spec) -> Iterator[Sample]:
    """By the schema or the role that a finding is about."""
    schemas = {service.schema_name: name for name, service in spec.services.items()}
    roles = services_of_roles(spec)
    counts = Counter((_service(one, schemas, roles), one.severity) for one in found)
    for severity in SEVERITIES:
        for service in spec.services:
            number = counts[service, severity]
            yield Sample("chirodb_service_audit_findings", number, (service, severity))
        yield Sample("chirodb_database_audit_findings", counts[None, severity], (severity,))


def _service(found: Finding, schemas: Mapping[str, str], roles: Mapping[str, str]) -> str | None:
    if found.source[:1] == ("services",) and len(found.source) > 1:
        return str(found.source[1])
    subject = found.subject.rpartition("/")[2]
    if subject in roles:
        return roles[subject]
    return next(
        (
            name
            for schema, name in schemas.items()
            if subject == schema or subject.startswith((f"{schema}.", f'"{schema}".'))
        ),
        None,
    )
