"""Comparison, order and the Plan."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import fields
from functools import cache
from typing import Any

from chiro_db.errors import Diagnostic, Place, SpecError
from chiro_db.kinds import KINDS
from chiro_db.kinds.scope import Scope
from chiro_db.model.acl import Source
from chiro_db.model.plan import Change, Plan
from chiro_db.model.state import State
from chiro_db.plan.locks import too_many
from chiro_db.plan.pieces import in_pieces
from chiro_db.plan.reach import Reach
from chiro_db.plan.whole import whole

Locate = Callable[[Source], Place | None]


def build(scope: Scope, locate: Locate) -> Plan:
    """Everything that differs, in the order in which it has to run.

    Raises SpecError with all that the spec asks for and this server cannot have.
    """
    found = [change for kind in KINDS for change in kind.changes(scope)]
    problems = [Diagnostic(p.message, locate(p.source), p.hint, p.severity) for p in scope.problems]
    if any(problem.severity == "error" for problem in problems):
        raise SpecError(problems)
    extras = [change for change in found if scope.additive and change.extra]
    changes = [change for change in found if not (scope.additive and change.extra)]
    ordered = whole(scope.state, _finished(Reach(scope, changes).run(), locate))
    ordered = in_pieces(scope.state, ordered)
    warnings = [f"{p.place}: {p.message}" if p.place else p.message for p in problems]
    return Plan(
        changes=tuple(ordered),
        extras=tuple(_finished(extras, locate)),
        warnings=(*warnings, *too_many(scope.state, ordered)),
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
    # extensions come in the order in which they require each other
    ordered = sorted(
        changes,
        key=lambda c: (c.step, c.service or "", c.address if c.kind != "extension" else ""),
    )
    found = cache(locate)  # several changes come from the same line
    seen: Counter[str] = Counter()
    result = []
    for change in ordered:
        seen[change.address] += 1
        number = seen[change.address]
        place = found(change.source) if change.source and change.origin is None else None
        result.append(
            change.at(
                change.address if number == 1 else f"{change.address}#{number}",
                f"{place.file}:{place.line}" if place is not None else None,
            )
        )
    return result


def fingerprint(
    state: State, managed: Collection[str], settings: Collection[tuple[str | None, str]]
) -> str:
    """A digest of what was observed in the managed scope; the order of rows does not count.

    `managed` are the names of roles; `settings` has role or None, and lower-case parameter.
    """
    digest = hashlib.sha256(json.dumps(sorted(managed)).encode())
    for kind, facts in sorted(state.facts.items()):
        if kind == "role":
            facts = tuple(fact for fact in facts if fact.name in managed)
        elif kind == "membership":
            facts = tuple(fact for fact in facts if fact.managed)
        elif kind == "setting":
            facts = tuple(f for f in facts if (f.role, f.parameter.lower()) in settings)
        rows = sorted(json.dumps(_canonical(fact), sort_keys=True) for fact in facts)
        digest.update(json.dumps([kind, rows]).encode())
    return digest.hexdigest()


def _canonical(fact: Any) -> dict[str, Any]:
    """Names and ACL entries in order: the server keeps none."""
    values = {field.name: getattr(fact, field.name) for field in fields(fact)}
    if values.get("arguments") is not None:
        values["names"] = sorted(zip(values["names"], values.pop("arguments"), strict=True))
    return {k: sorted(v) if isinstance(v, tuple) else v for k, v in values.items()}
