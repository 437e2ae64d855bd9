"""A plan, and an error, as JSON for tools: docs/json.md."""

from __future__ import annotations

from typing import Any

from chiro_db.errors import ChirodbError
from chiro_db.model.finding import Finding
from chiro_db.model.plan import Action, Change, Plan
from chiro_db.report import diagnostics, summary, turns
from chiro_db.report.difference import differences

FORMAT_VERSION = "1.0"


def plan_json(plan: Plan) -> dict[str, Any]:
    """Terraform's plan representation where it fits; docs/plan.schema.json."""
    return {
        "format_version": FORMAT_VERSION,
        "chirodb_version": plan.chirodb,
        "timestamp": plan.made_at,
        "target": plan.target,
        "database": plan.database,
        "server": {
            "host": plan.host,
            "version": plan.server,
            "version_num": plan.version,
            "user": plan.user,
            "system_identifier": plan.system_identifier,
        },
        "creates_database": plan.creates_database,
        "services": list(plan.services),
        "resource_changes": [_entry(change) for change in plan.changes],
        "statements": [statement.shown for statement in plan.statements],
        "hazards": sorted(hazard.value for hazard in plan.hazards),
        "summary": summary.counts(plan),
        "warnings": list(plan.warnings),
        "extras": [_entry(change) for change in plan.extras],
        "errored": False,
        "applyable": bool(plan.runnable) and (not plan.blocked or plan.skip_blocked),
        "complete": not plan.blocked and not plan.services,
        **({"breaches": [_breach(b) for b in plan.breaches]} if plan.breaches else {}),
        **({"access": turns.as_json(plan.access)} if plan.access is not None else {}),
    }


def drift_json(plan: Plan) -> dict[str, Any]:
    """The plan's JSON, and whether any of it counts as drift."""
    return plan_json(plan) | {"drifted": bool(differences(plan))}


def error_json(error: ChirodbError) -> dict[str, Any]:
    """What any command with `--format json` prints in place of its result."""
    found = diagnostics.of_error(error)
    return {
        "format_version": FORMAT_VERSION,
        "errored": True,
        "diagnostics": diagnostics.as_json(found)["diagnostics"],
    }


def _breach(found: Finding) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "severity": found.severity,
        "subject": found.subject,
        "message": found.message,
        "evidence": found.evidence,
        "place": found.place,
    }


def _entry(change: Change) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "address": change.address,
        "mode": "managed",
        "type": change.kind,
        "name": change.name,
        "service": change.service,
        "summary": change.summary,
        "place": change.place,
        "change": {
            "actions": [change.action.value],
            "before": None if change.before is None else dict(change.before),
            "after": None if change.after is None else dict(change.after),
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {"password": True} if "password" in (change.after or ()) else {},
        },
        "origin": change.origin,
        "hazards": sorted(hazard.value for hazard in change.hazards),
        "statements": [statement.shown for statement in change.statements],
        "blocked": None,
    }
    if change.action is Action.DELETE and change.extra:
        entry["action_reason"] = "delete_because_no_resource_config"
    if change.blocked is not None:
        entry["blocked"] = {
            "reason": change.blocked.reason,
            "statement": change.blocked.statement,
        }
    return entry
