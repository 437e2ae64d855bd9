"""One audit: read, compare, and set the severities that the spec asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chiro_db.access.policy import broken, placed
from chiro_db.access.world import world
from chiro_db.audit.rules import RULES
from chiro_db.audit.seen import Rows, Seen
from chiro_db.catalog.connect import connected_if_exists
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.errors import RefusedError
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.finding import Finding
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.catalog.connect import Connection

_QUERIES = ("definers", "owners", "public", "settings", "tables")


@dataclass(frozen=True)
class Audited:
    """The findings, errors first, and what they are about."""

    findings: tuple[Finding, ...]
    rules: tuple[str, ...]  # that were asked, by name
    target: str
    host: str
    database: str
    server: str
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the command exits with 2."""
        return any(finding.severity == "error" for finding in self.findings)


def audit(job: Job) -> Audited:
    """What is not as it should be in the spec's database; nothing is changed."""
    with connected_if_exists(job.to) as connection, snapshot(connection):
        return audited(connection, job)


def audited(connection: Connection, job: Job) -> Audited:
    """The same in the connection's transaction."""
    state = inspect(connection, Request(job.loaded.spec, everyone=True))
    if state.server.database != job.to.database:
        raise RefusedError(
            f"database `{job.to.database}` does not exist", hint="`chirodb apply` makes it"
        )
    scope = Scope(job.loaded.spec, state, job.today)
    values = {"schemas": list(scope.by_schema)}
    rows: dict[str, Rows] = {
        name: connection.execute(_sql(name), values).fetchall() for name in _QUERIES
    }
    if state.server.reads_verifiers:
        rows["passwords"] = connection.execute(_sql("passwords"), values).fetchall()
    seen = Seen(scope, world(state, scope.makers), rows)
    place = job.loaded.place
    found = [*broken(seen.world, scope, place), *(placed(f, place) for f in _findings(seen))]
    found.sort(key=lambda f: (f.severity != "error", f.rule, f.subject))
    notes = () if "passwords" in rows else ("md5-password: only a superuser can tell",)
    return Audited(
        tuple(found),
        tuple(rule.SLUG for rule in RULES if _severity(scope, rule.SLUG, rule.SEVERITY) != "off"),
        job.target,
        str(job.to),
        job.to.database,
        state.server.version_text,
        notes,
    )


def _findings(seen: Seen) -> Iterator[Finding]:
    for rule in RULES:
        severity = _severity(seen.scope, rule.SLUG, rule.SEVERITY)
        if severity != "off":
            yield from (replace(found, severity=severity) for found in rule.findings(seen))


def _severity(scope: Scope, slug: str, default: str) -> str:
    """A policy that is named without a severity is an error."""
    policy = scope.spec.policies.get(slug)
    return policy.severity if policy is not None else default


def _sql(name: str) -> bytes:
    return text(f"sql_templates/audit/{name}.sql").encode()
