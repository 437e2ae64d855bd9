"""A Grafana dashboard of a spec's services."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from chiro_db.model.spec import Spec

_CHOSEN = '{instance=~"$instance", service=~"$service"}'
_INSTANCE = '{instance=~"$instance"}'
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_RATE = "$__rate_interval"
_WIDE, _TALL = 8, 7  # of a panel; a row of the grid is 24 wide

# Title, unit, and what is drawn: PromQL and its legend. CHOSEN and INSTANCE are selectors.
_PANELS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Connections by state",
        "short",
        (("chirodb_service_connectionsCHOSEN", "{{service}} {{state}}"),),
    ),
    (
        "Roles against their limits",
        "percentunit",
        (("chirodb_role_connectionsCHOSEN / chirodb_role_connection_limitCHOSEN", "{{role}}"),),
    ),
    (
        "Server against its limit",
        "short",
        (
            ("chirodb_server_connectionsINSTANCE", "connections"),
            ("chirodb_server_connection_limitINSTANCE", "limit"),
        ),
    ),
    (
        "Statements a second",
        "ops",
        (("rate(chirodb_service_statements_totalCHOSEN[RATE])", "{{service}}"),),
    ),
    (
        "Time in statements (1: one session is always busy)",
        "short",
        (("rate(chirodb_service_statement_seconds_totalCHOSEN[RATE])", "{{service}}"),),
    ),
    (
        "Mean time of a statement",
        "s",
        (
            (
                "rate(chirodb_service_statement_seconds_totalCHOSEN[RATE])"
                " / rate(chirodb_service_statements_totalCHOSEN[RATE])",
                "{{service}}",
            ),
        ),
    ),
    ("Slow statements", "short", (("chirodb_service_slow_statementsCHOSEN", "{{service}}"),)),
    ("Rows a second", "ops", (("rate(chirodb_service_rows_totalCHOSEN[RATE])", "{{service}}"),)),
    (
        "Transactions of the database a second",
        "ops",
        (
            ("rate(chirodb_database_commits_totalINSTANCE[RATE])", "commits"),
            ("rate(chirodb_database_rollbacks_totalINSTANCE[RATE])", "rollbacks"),
        ),
    ),
    (
        "Oldest transaction",
        "s",
        (
            ("chirodb_service_oldest_transaction_secondsCHOSEN", "{{service}}"),
            ("chirodb_service_idle_in_transaction_secondsCHOSEN", "{{service}} idle"),
        ),
    ),
    ("Waiting for locks", "short", (("chirodb_service_lock_waitsCHOSEN", "{{service}}"),)),
    (
        "Size",
        "bytes",
        (("sum by (service, kind) (chirodb_service_size_bytesCHOSEN)", "{{service}} {{kind}}"),),
    ),
    (
        "Growth a day",
        "bytes",
        (
            (
                "86400 * sum by (service) (deriv(chirodb_service_size_bytesCHOSEN[6h]))",
                "{{service}}",
            ),
        ),
    ),
    ("Dead rows", "short", (("chirodb_service_dead_rowsCHOSEN", "{{service}}"),)),
    (
        "Drift and audit",
        "short",
        (
            ("chirodb_service_drift_changesCHOSEN", "{{service}} drift"),
            ("sum by (service) (chirodb_service_audit_findingsCHOSEN)", "{{service}} audit"),
        ),
    ),
    (
        "Age of the last good backup and drill",
        "s",
        (
            ("chirodb_service_backup_age_secondsCHOSEN", "{{service}} backup"),
            ("chirodb_service_drill_age_secondsCHOSEN", "{{service}} drill"),
        ),
    ),
    (
        "Standbys and slots",
        "bytes",
        (
            ("chirodb_standby_lag_bytesINSTANCE", "{{standby}} lag"),
            ("chirodb_slot_retained_bytesINSTANCE", "{{slot}} retained"),
        ),
    ),
    ("Not seen", "short", (("chirodb_scrape_unseenINSTANCE", "{{what}}"),)),
)


def dashboard(spec: Spec) -> dict[str, Any]:
    """To be imported as it is; it asks for the data source and offers the spec's services."""
    database = spec.database.name
    return {
        "uid": "chirodb-" + sha256(database.encode()).hexdigest()[:12],
        "title": f"chirodb: {database}",
        "tags": ["chirodb", "postgresql"],
        "schemaVersion": 38,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": list(_variables(spec))},
        "panels": list(_panels()),
    }


def _variables(spec: Spec) -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Source"}
    yield {
        "name": "instance",
        "type": "query",
        "label": "Exporter",
        "datasource": _SOURCE,
        "query": "label_values(chirodb_up, instance)",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }
    names = list(spec.services)
    yield {
        "name": "service",
        "type": "custom",
        "label": "Service",
        "query": ",".join(name.replace(",", "\\,") for name in names),
        "options": [{"text": name, "value": name, "selected": False} for name in names],
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _panels() -> Iterator[dict[str, Any]]:
    for number, (title, unit, drawn) in enumerate(_PANELS):
        row, column = divmod(number, 24 // _WIDE)
        yield {
            "id": number + 1,
            "type": "timeseries",
            "title": title,
            "datasource": _SOURCE,
            "gridPos": {"x": column * _WIDE, "y": row * _TALL, "w": _WIDE, "h": _TALL},
            "fieldConfig": {"defaults": {"unit": unit} | _from_zero(drawn), "overrides": []},
            "targets": [
                {
                    "refId": chr(ord("A") + i),
                    "datasource": _SOURCE,
                    "expr": expression.replace("CHOSEN", _CHOSEN)
                    .replace("INSTANCE", _INSTANCE)
                    .replace("RATE", _RATE),
                    "legendFormat": legend,
                }
                for i, (expression, legend) in enumerate(drawn)
            ],
        }


def _from_zero(drawn: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """But for what may shrink."""
    return {} if any("deriv(" in expression for expression, _ in drawn) else {"min": 0}
