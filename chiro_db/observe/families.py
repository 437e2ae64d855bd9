"""The metrics: names and units by Prometheus' conventions, and what each one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name; a counter's name is without `_total`."""

    name: str
    type: str  # gauge, counter or info
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; `labels` in the order of its family's."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


_SERVICE = ("service",)
_COUNTED = " (pg_stat_statements; starts again when that is reset)"
_BOUND = (
    " by the service's roles that were sent as statements of their own: a lower bound, since"
    " PostgreSQL counts single statements, which end their own transaction, for the database"
    " alone: chirodb_database_{}_total is exact"
)
_LISTED = (
    Family("chirodb_up", "gauge", "Whether the server could be asked"),
    Family("chirodb_scrape_duration_seconds", "gauge", "How long it took to ask"),
    Family(
        "chirodb_scrape_unseen",
        "gauge",
        "Things that the connected role could not see, or that are not there; their metrics are"
        " absent, not 0",
        ("what",),
    ),
    Family(
        "chirodb_server_connections", "gauge", "Client connections to all databases of the server"
    ),
    Family(
        "chirodb_server_connection_limit",
        "gauge",
        "Connections that ordinary roles can have: max_connections without the reserved ones",
    ),
    Family("chirodb_database_connection_limit", "gauge", "CONNECTION LIMIT of the database"),
    Family("chirodb_database_commits", "counter", "Transactions committed in the database: exact"),
    Family(
        "chirodb_database_rollbacks", "counter", "Transactions rolled back in the database: exact"
    ),
    Family("chirodb_database_deadlocks", "counter", "Deadlocks in the database"),
    Family("chirodb_database_temp_bytes", "counter", "Written to temporary files in the database"),
    Family("chirodb_database_blocks_hit", "counter", "Blocks found in shared buffers"),
    Family("chirodb_database_blocks_read", "counter", "Blocks not found in shared buffers"),
    Family("chirodb_database_size_bytes", "gauge", "The database on disk"),
    Family(
        "chirodb_database_audit_findings",
        "gauge",
        "Findings of `chirodb audit` that concern no single service",
        ("severity",),
    ),
    Family("chirodb_database_drift_changes", "gauge", "Changes that concern no single service"),
    Family(
        "chirodb_standby_lag_bytes", "gauge", "WAL that a standby has not replayed", ("standby",)
    ),
    Family(
        "chirodb_standby_lag_seconds",
        "gauge",
        "How long WAL takes until a standby has replayed it; absent while nothing is written",
        ("standby",),
    ),
    Family(
        "chirodb_replay_delay_seconds",
        "gauge",
        "On a standby: the age of the last transaction replayed",
    ),
    Family("chirodb_slot_retained_bytes", "gauge", "WAL kept for a replication slot", ("slot",)),
    Family("chirodb_slot_active", "gauge", "Whether a replication slot is in use", ("slot",)),
    Family(
        "chirodb_service_connections",
        "gauge",
        "Connections of the service's roles to the database by state",
        ("service", "state"),
    ),
    Family(
        "chirodb_role_connections",
        "gauge",
        "Connections of a role to all databases, as its limit counts them",
        ("service", "role"),
    ),
    Family(
        "chirodb_role_connection_limit",
        "gauge",
        "CONNECTION LIMIT of a role; absent where it has none",
        ("service", "role"),
    ),
    Family(
        "chirodb_service_oldest_transaction_seconds",
        "gauge",
        "Age of the service's oldest open transaction; 0 without one",
        _SERVICE,
    ),
    Family(
        "chirodb_service_idle_in_transaction_seconds",
        "gauge",
        "The longest time that a session of the service has been idle in a transaction",
        _SERVICE,
    ),
    Family(
        "chirodb_service_lock_waits",
        "gauge",
        "Sessions of the service that wait for a lock",
        _SERVICE,
    ),
    Family("chirodb_service_statements", "counter", "Statements executed" + _COUNTED, _SERVICE),
    Family(
        "chirodb_service_statement_seconds",
        "counter",
        "Time spent in executing statements" + _COUNTED,
        _SERVICE,
    ),
    Family("chirodb_service_rows", "counter", "Rows returned or changed" + _COUNTED, _SERVICE),
    Family(
        "chirodb_service_slow_statements",
        "gauge",
        "Normalised statements whose mean time is over the service's slow_queries.threshold",
        _SERVICE,
    ),
    Family("chirodb_service_commits", "counter", "COMMITs" + _BOUND.format("commits"), _SERVICE),
    Family(
        "chirodb_service_rollbacks", "counter", "ROLLBACKs" + _BOUND.format("rollbacks"), _SERVICE
    ),
    Family(
        "chirodb_service_size_bytes",
        "gauge",
        "The service's schema on disk by kind (deriv() is its growth); tables with their TOAST",
        ("service", "kind"),
    ),
    Family(
        "chirodb_service_estimated_relations",
        "gauge",
        "Relations whose size is estimated, since somebody holds them in ACCESS EXCLUSIVE mode",
        _SERVICE,
    ),
    Family("chirodb_service_live_rows", "gauge", "Live rows, as far as is known", _SERVICE),
    Family("chirodb_service_dead_rows", "gauge", "Dead rows that await VACUUM", _SERVICE),
    Family(
        "chirodb_service_drift_changes",
        "gauge",
        "Changes between the spec and the database: what `chirodb drift` lists, but for passwords",
        _SERVICE,
    ),
    Family(
        "chirodb_service_audit_findings",
        "gauge",
        "Findings of `chirodb audit`",
        ("service", "severity"),
    ),
    Family("chirodb_service_backup_age_seconds", "gauge", "Age of the last good backup", _SERVICE),
    Family("chirodb_service_backup_size_bytes", "gauge", "Size of the last good backup", _SERVICE),
    Family(
        "chirodb_service_drill_age_seconds",
        "gauge",
        "Since when a backup was last restored to prove that it can be",
        _SERVICE,
    ),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _LISTED}
