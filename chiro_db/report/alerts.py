"""Prometheus' alerting rules for the services of a spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chiro_db.kinds import parameter
from chiro_db.model.spec import Backup, Spec
from chiro_db.observe.backups import late_after

_DAY = 86_400
_FIXED: tuple[tuple[str, str, str, str, str], ...] = (
    ("ChirodbDown", "chirodb_up == 0", "5m", "critical", "chirodb cannot ask the database"),
    (
        "ChirodbSilent",
        "absent(chirodb_up) or (chirodb_up offset 1h unless chirodb_up)",
        "10m",
        "critical",
        "no metrics come{{ with $labels.instance }} from {{ . }}{{ end }}: is `chirodb metrics`"
        " running, and does it answer within the scrape's time-out?",
    ),
    (
        "ChirodbUnseen",
        "chirodb_scrape_unseen > 0",
        "1h",
        "info",
        "metrics lack {{ $labels.what }} ({{ $value }}): no pg_monitor, or it is not there",
    ),
    (
        "ChirodbConnectionsExhausted",
        "chirodb_server_connections / chirodb_server_connection_limit > 0.9",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of the server's connections are taken",
    ),
    (
        "ChirodbRoleConnectionsExhausted",
        "chirodb_role_connections / chirodb_role_connection_limit > 0.9",
        "5m",
        "warning",
        "{{ $labels.role }} of {{ $labels.service }} has"
        " {{ $value | humanizePercentage }} of its connections",
    ),
    (
        "ChirodbIdleInTransaction",
        "chirodb_service_idle_in_transaction_seconds > 300",
        "1m",
        "warning",
        "{{ $labels.service }} is idle in a transaction for {{ $value | humanizeDuration }}",
    ),
    (
        "ChirodbLongTransaction",
        "chirodb_service_oldest_transaction_seconds > 3600",
        "5m",
        "warning",
        "{{ $labels.service }} has a transaction that is"
        " {{ $value | humanizeDuration }} old: VACUUM cannot clean up",
    ),
    (
        "ChirodbLockWaits",
        "chirodb_service_lock_waits > 0",
        "5m",
        "warning",
        "{{ $value }} sessions of {{ $labels.service }} wait for a lock:"
        " `chirodb doctor {{ $labels.service }}` names who holds it",
    ),
    (
        "ChirodbRollbacks",
        "rate(chirodb_database_rollbacks_total[15m])"
        " / (rate(chirodb_database_commits_total[15m])"
        " + rate(chirodb_database_rollbacks_total[15m])) > 0.1",
        "15m",
        "warning",
        "{{ $value | humanizePercentage }} of all transactions are rolled back",
    ),
    (
        "ChirodbDeadlocks",
        "increase(chirodb_database_deadlocks_total[15m]) > 0",
        "0m",
        "warning",
        "there were deadlocks",
    ),
    (
        "ChirodbDeadRows",
        "chirodb_service_dead_rows / (chirodb_service_live_rows + chirodb_service_dead_rows) > 0.2"
        " and chirodb_service_dead_rows > 100000",
        "1h",
        "warning",
        "{{ $value | humanizePercentage }} of the rows of {{ $labels.service }} are dead",
    ),
    (
        "ChirodbGrowth",
        "sum by (instance, service) (chirodb_service_size_bytes)"
        " > 2 * sum by (instance, service) (chirodb_service_size_bytes offset 1d)"
        " and sum by (instance, service) (chirodb_service_size_bytes) > 1e9",
        "15m",
        "warning",
        "{{ $labels.service }} has doubled within a day: {{ $value | humanize1024 }}B",
    ),
    (
        "ChirodbStandbyLag",
        "chirodb_standby_lag_bytes > 1e9",
        "10m",
        "warning",
        "standby {{ $labels.standby }} is {{ $value | humanize1024 }}B behind",
    ),
    (
        "ChirodbSlotRetention",
        "chirodb_slot_retained_bytes > 1e10",
        "10m",
        "critical",
        "slot {{ $labels.slot }} keeps {{ $value | humanize1024 }}B of WAL: the disk may fill up",
    ),
    (
        "ChirodbDrift",
        "chirodb_service_drift_changes > 0 or chirodb_database_drift_changes > 0",
        "1h",
        "warning",
        "{{ $value }} differences from the spec: `chirodb drift` lists them",
    ),
    (
        "ChirodbAuditFindings",
        'chirodb_service_audit_findings{severity="error"} > 0'
        ' or chirodb_database_audit_findings{severity="error"} > 0',
        "1h",
        "warning",
        "{{ $value }} findings of `chirodb audit`, service: {{ $labels.service }}",
    ),
)


def alerting_rules(spec: Spec, backup: Backup | None = None) -> dict[str, Any]:
    """A rules file as a value; `backup` is the target's section, which goes before others."""
    rules = [_rule(*fixed) for fixed in _FIXED]
    rules += [_slow(services, seconds) for seconds, services in _thresholds(spec)]
    rules += [_late(services, seconds) for seconds, services in _schedules(spec, backup)]
    if any(True for _ in _schedules(spec, backup)):
        age = f"chirodb_service_drill_age_seconds > {35 * _DAY}"
        said = "no backup of {{ $labels.service }} was restored for {{ $value | humanizeDuration }}"
        rules.append(_rule("ChirodbDrillTooOld", age, "1h", "warning", said))
    return {"groups": [{"name": f"chirodb {spec.database.name}", "rules": rules}]}


def _rule(name: str, expression: str, lasts: str, severity: str, summary: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": lasts,
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }


def _slow(services: list[str], seconds: float) -> dict[str, Any]:
    chosen = selector(services)
    mean = (
        f"rate(chirodb_service_statement_seconds_total{chosen}[5m])"
        f" / rate(chirodb_service_statements_total{chosen}[5m])"
    )
    said = "a statement of {{ $labels.service }} takes {{ $value | humanizeDuration }} on average"
    return _rule("ChirodbSlowStatements", f"{mean} > {seconds:g}", "10m", "warning", said)


def _late(services: list[str], seconds: int) -> dict[str, Any]:
    age = f"chirodb_service_backup_age_seconds{selector(services)} > {seconds}"
    said = "the last good backup of {{ $labels.service }} is {{ $value | humanizeDuration }} old"
    return _rule("ChirodbBackupTooOld", age, "10m", "critical", said)


def selector(services: list[str]) -> str:
    r"""PromQL's, of these services alone.

    >>> selector(["a.b", 'c"'])
    '{service=~"a\\\\.b|c\\""}'
    """
    alternatives = "|".join(re.escape(name) for name in services)
    quoted = alternatives.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{service=~"{quoted}"}}'


def _thresholds(spec: Spec) -> Iterator[tuple[float, list[str]]]:
    """Seconds, and the services whose statements are slow from there on."""
    found: dict[float, list[str]] = {}
    for name, service in spec.services.items():
        for section in (service.slow_queries, spec.slow_queries):
            if section is not None and section.threshold is not None:
                threshold = parameter.milliseconds(str(section.threshold))
                if threshold is not None and threshold > 0:
                    found.setdefault(threshold / 1000, []).append(name)
                break
    yield from sorted(found.items())


def _schedules(spec: Spec, target: Backup | None) -> Iterator[tuple[int, list[str]]]:
    """Seconds, and the services whose last backup must not be older."""
    found: dict[int, list[str]] = {}
    for name, service in spec.services.items():
        for section in (target, service.backup, spec.backup):
            if section is not None and section.schedule is not None:
                found.setdefault(late_after(section.schedule), []).append(name)
                break
    yield from sorted(found.items())
