"""Comparison, order and the Plan."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

from chiro_db.errors import Diagnostic, Place, SpecError
from chiro_db.kinds import KINDS
from chiro_db.kinds.scope import Scope
from chiro_db.model.acl import Source
from chiro_db.model.plan import Change, Plan
from chiro_db.model.state import State
from chiro_db.plan.reach import Reach

Locate = Callable[[Source], Place | None]


def build(scope: Scope, locate: Locate) -> Plan:
    """Everything that differs, in the order in which it has to run.

    Raises SpecError with all that the spec asks for and this server cannot have.
    """
    found = [change for kind in KINDS for change in kind.changes(scope)]
    problems = [
        Diagnostic(p.message, locate(p.source), severity=p.severity) for p in scope.problems
    ]
    if any(problem.severity == "error" for problem in problems):
        raise SpecError(problems)
    extras = [change for change in found if scope.additive and change.extra]
    changes = [change for change in found if not (scope.additive and change.extra)]
    return Plan(
        changes=tuple(_finished(Reach(scope, changes).run(), locate)),
        extras=tuple(_finished(extras, locate)),
        warnings=tuple(f"{p.place}: {p.message}" if p.place else p.message for p in problems),
        services=tuple(sorted(scope.only)),
        server=scope.server.version_text,
        version=scope.server.version,
        database=scope.spec.database.name,
        user=scope.server.role,
        system_identifier=scope.server.system_identifier,
        creates_database=scope.actual_database is None,
    )


def _finished(changes: Iterable[Change], locate: Locate) -> list[Change]:
    """In order, with unique addresses, and with the places in the spec."""
    ordered = sorted(changes, key=lambda c: (c.step, c.service or "", c.address))
    seen: Counter[str] = Counter()
    result = []
    for change in ordered:
        seen[change.address] += 1
        number = seen[change.address]
        place = locate(change.source) if change.source and change.origin is None else None
        result.append(
            replace(
                change,
                address=change.address if number == 1 else f"{change.address}#{number}",
                place=f"{place.file}:{place.line}" if place is not None else None,
            )
        )
    return result


def fingerprint(state: State) -> str:
    """A digest of all that was observed in the managed scope; the order of rows does not count."""
    digest = hashlib.sha256()
    for kind in sorted(state.facts):
        rows = sorted(json.dumps(asdict(fact), sort_keys=True) for fact in state.facts[kind])
        digest.update(json.dumps([kind, rows]).encode())
    return digest.hexdigest()
