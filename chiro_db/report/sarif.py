"""Drift as SARIF 2.1.0: a result for each difference, at the line of the spec that asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from chiro_db.errors import ChirodbError, Diagnostic
from chiro_db.model.plan import Change, Plan
from chiro_db.report.diagnostics import of_error
from chiro_db.report.difference import differences, sentence, tolerated
from chiro_db.report.words import visible

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def drift_sarif(plan: Plan, spec: str | None = None) -> dict[str, Any]:
    """`spec`: the file for what no line of the spec asks for; GitHub refuses a result without."""
    found = [
        *((change, "error") for change in differences(plan)),
        *((change, "warning") for change in tolerated(plan)),
        *((change, "note") for change in plan.extras),
    ]
    rules = sorted({change.kind for change, _ in found})
    policies = sorted({breach.rule for breach in plan.breaches})
    results = [_result(change, level, rules.index(change.kind), spec) for change, level in found]
    for breach in plan.breaches:
        index = len(rules) + policies.index(breach.rule)
        address = f"{breach.rule}/{breach.subject}"
        level, text = breach.severity, breach.message
        rule = (breach.rule, index)
        results.append(result(rule, level, text, address=address, place=breach.place, spec=spec))
    return document(
        [*(_rule(kind) for kind in rules), *({"id": policy} for policy in policies)],
        results,
        identity=f"chirodb/{plan.target}/{plan.database}/",
        version=plan.chirodb,
        warnings=plan.warnings,
    )


def document(
    rules: list[dict[str, Any]],
    results: list[dict[str, Any]],
    *,
    identity: str,
    version: str,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """One run that succeeded."""
    driver: dict[str, Any] = {"name": "chirodb", "rules": rules}
    if version:
        driver["version"] = version
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": visible(identity)},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    if warnings:
        run["invocations"] = [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": visible(w)}} for w in warnings
                ],
            }
        ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def error_sarif(error: ChirodbError, version: str) -> dict[str, Any]:
    """A run that failed and has no results; what stood in its way are its notifications."""
    run = {
        "tool": {"driver": {"name": "chirodb", "version": version, "rules": []}},
        "invocations": [
            {
                "executionSuccessful": False,
                "toolExecutionNotifications": [_notification(d) for d in of_error(error)],
            }
        ],
        "results": [],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(found: Diagnostic) -> dict[str, Any]:
    text = "\n".join(filter(None, (found.message, found.hint)))
    entry: dict[str, Any] = {"level": found.severity, "message": {"text": text}}
    if found.place is not None:
        place = {
            "artifactLocation": {"uri": quote(found.place.file)},
            "region": {"startLine": found.place.line, "startColumn": found.place.column},
        }
        entry["locations"] = [{"physicalLocation": place}]
    return entry


def _rule(kind: str) -> dict[str, Any]:
    return {
        "id": f"drift/{kind}",
        "name": "".join(part.capitalize() for part in f"drift_{kind}".split("_")),
        "shortDescription": {"text": f"{kind.replace('_', ' ').capitalize()} not as declared"},
        "help": {"text": "`chirodb plan` shows what mends it, `chirodb apply` does it."},
        "defaultConfiguration": {"level": "error"},
    }


def _result(change: Change, level: str, index: int, spec: str | None) -> dict[str, Any]:
    return result(
        (f"drift/{change.kind}", index),
        level,
        sentence(change),
        address=change.address,
        place=change.place,
        spec=spec,
    )


def result(
    rule: tuple[str, int],
    level: str,
    message: str,
    *,
    address: str,
    place: str | None,
    spec: str | None,
) -> dict[str, Any]:
    """`rule`: its name and where it stands among the rules; `address`: the same in the next run."""
    return {
        "ruleId": rule[0],
        "ruleIndex": rule[1],
        "level": level,
        "message": {"text": visible(message)},
        "locations": list(_locations(address, place, spec)),
        "partialFingerprints": {"chirodbAddress/v1": hashlib.sha256(address.encode()).hexdigest()},
    }


def _locations(address: str, place: str | None, spec: str | None) -> Iterable[dict[str, Any]]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": visible(address), "kind": "resource"}]
    }
    file, _, line = (place or "").rpartition(":")
    if not file and spec is not None:
        file, line = spec, "1"
    if file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(file)},
            "region": {"startLine": int(line)},
        }
    yield location
