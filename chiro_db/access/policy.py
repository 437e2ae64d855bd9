"""Policies as assertions about effective access: who must not, and who must, be able to do what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.access.effective import Held, Reason, all_of, held, holders, unlimited
from chiro_db.access.pattern import Pattern
from chiro_db.access.world import Group, World
from chiro_db.errors import Place, RefusedError
from chiro_db.model.acl import Grantee, Source
from chiro_db.model.finding import Finding
from chiro_db.model.privilege import Securable, known

if TYPE_CHECKING:
    from chiro_db.kinds.scope import Scope
    from chiro_db.model.spec import Denial, Policy, PolicyRule, Requirement, Spec

Exempt = Callable[[str], bool]
Locate = Callable[[Source], Place | None]
_PUBLIC = "public"  # as in a grant's `to`
_NAMED = 5  # objects that a finding lists
# What a privilege on `schema.name` is asked of, unless it is denied everywhere.
_FIRST: tuple[Securable, ...] = ("table", "routine", "sequence", "type")


def broken(world: World, scope: Scope, locate: Locate) -> tuple[Finding, ...]:
    """What the spec's policies do not allow in this state of things, with their places."""

    def exempt(role: str) -> bool:
        return scope.spared(role) or role in world.roles.superusers

    return tuple(placed(found, locate) for found in breaches(world, scope.spec, exempt))


def uphold(found: Iterable[Finding]) -> None:
    """RefusedError where one of them is an error: no plan may leave the server so."""
    errors = [finding for finding in found if finding.severity == "error"]
    if not errors:
        return
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    raise RefusedError(
        f"{errors[0].message}{more}",
        where=errors[0].place,
        hint="mend the spec, or the policy; with `severity: warning` it stops nothing",
    )


def placed(found: Finding, locate: Locate) -> Finding:
    """With the file and line of its source."""
    place = locate(found.source) if found.source else None
    return replace(found, place=f"{place.file}:{place.line}" if place is not None else None)


def breaches(world: World, spec: Spec, exempt: Exempt) -> Iterator[Finding]:
    """One for each policy and role; `exempt`: superusers, administrators and ignored roles."""
    for name, policy in spec.policies.items():
        if policy.severity == "off":
            continue
        if policy.deny is not None:
            yield from _denied(world, name, policy, policy.deny, exempt)
        if policy.require is not None:
            yield from _required(world, name, policy, policy.require)


def _chosen(world: World, rule: PolicyRule) -> list[Group]:
    """The objects of the rule, what will be made in a whole schema included."""
    patterns = [Pattern.parse(text) for text in rule.on]
    found: dict[Group, None] = {}
    for group in world.groups:
        for pattern in patterns:
            if group.future:
                whole = pattern.name is not None and re.match(pattern.name, "") is not None
                narrowed = group if whole and pattern.schema.match(group.schema) else None
            else:
                narrowed = pattern.narrowed(group)
            if narrowed is not None:
                found[narrowed] = None
    return list(found)


def _denied(
    world: World, name: str, policy: Policy, rule: Denial, exempt: Exempt
) -> Iterator[Finding]:
    found: dict[tuple[Grantee, str], list[tuple[Group, str, Reason]]] = {}
    everyone = unlimited(world.roles)
    becoming = {
        role: others for role, others in _becoming(world) if _meant(rule, role) and not exempt(role)
    }
    for group in _chosen(world, rule):
        by_role = holders(world, group)
        for role in {*by_role, *everyone}:
            if not _meant(rule, role) or (role is not None and exempt(role)):
                continue
            mine: Held = all_of(world, role, group, by_role)
            public = by_role.get(None, {})
            for privilege in _denied_on(rule, group.type, world.version):
                reasons = mine.get(privilege, ())
                if role is not None and privilege in public and _meant(rule, None):
                    continue  # it is told of PUBLIC
                found.setdefault((role, ""), []).extend((group, privilege, r) for r in reasons[:1])
        for role, others in becoming.items():
            near = [other for other in others if other in by_role or other in everyone]
            own = all_of(world, role, group, by_role) if near else {}
            left = {p for p in _denied_on(rule, group.type, world.version) if p not in own}
            for other in near:
                theirs = all_of(world, other, group, by_role)
                cases = [(group, p, theirs[p][0]) for p in theirs if p in left]
                left -= theirs.keys()
                found.setdefault((role, other), []).extend(cases)
    for role, other in sorted(found, key=lambda key: (key[0] is not None, key[0] or "", key[1])):
        if found[role, other]:
            yield _denial(name, policy, role, other, found[role, other])


def _becoming(world: World) -> Iterator[tuple[str, Sequence[str]]]:
    """The roles that one can act as by SET ROLE without having their privileges, nearest first."""
    for role in sorted({edge.member for edge in world.roles.edges}):
        inherited = world.roles.above(role)
        others = [other for other in world.roles.settable(role) if other not in inherited]
        if others:
            yield role, others


def _meant(rule: Denial, role: Grantee) -> bool:
    name = _PUBLIC if role is None else role
    if role is not None and role.startswith("pg_"):
        return False  # its members are
    if any(fnmatchcase(name, glob) for glob in rule.except_):
        return False
    return not rule.to or any(fnmatchcase(name, glob) for glob in rule.to)


def _denied_on(rule: PolicyRule, securable: Securable, version: int) -> Iterable[str]:
    every = known(securable, version)
    return every if "ALL" in rule.privileges else [p for p in every if p in rule.privileges]


def _denial(
    name: str,
    policy: Policy,
    role: Grantee,
    other: str,
    cases: Sequence[tuple[Group, str, Reason]],
) -> Finding:
    who = "PUBLIC" if role is None else sql.quote_name(role)
    privileges = ", ".join(dict.fromkeys(privilege for _, privilege, _ in cases))
    objects = sorted({text for group, _, _ in cases for text in _objects(group)})
    by = f" by SET ROLE {sql.quote_name(other)}" if other else ""
    return _finding(
        name,
        policy,
        "deny",
        who + by,
        f"{who} has {privileges} on {_listed(objects)}{by}",
        "; ".join(dict.fromkeys(_why(reason) for _, _, reason in cases)),
    )


def _why(reason: Reason) -> str:
    groups = " in ".join(sql.quote_name(role) for role in reason.path[1:])
    by = {
        "owner": "owner",
        "public": f"granted to PUBLIC by {sql.quote_name(reason.grantor)}",
        "grant": f"granted by {sql.quote_name(reason.grantor)}",
        "predefined": "",
        "superuser": "superuser",
    }[reason.how]
    return ", ".join(part for part in (f"member of {groups}" if groups else "", by) if part)


def _required(world: World, name: str, policy: Policy, rule: Requirement) -> Iterator[Finding]:
    groups = [group for group in _chosen(world, rule) if not group.future]
    for to in rule.to:
        role = None if to == _PUBLIC else to
        who = "PUBLIC" if role is None else sql.quote_name(role)
        if role is not None and role not in world.roles.names:
            yield _finding(name, policy, "require", who, f"there is no role {who}", "")
            continue
        missing: dict[str, list[str]] = {}
        for group in groups:
            mine = held(world, role, group)
            for privilege in rule.privileges:
                if group.type in _asked(privilege, world.version) and privilege not in mine:
                    missing.setdefault(privilege, []).extend(_objects(group))
        for privilege, objects in missing.items():
            text = f"{who} lacks {privilege} on {_listed(objects)}"
            yield _finding(name, policy, "require", who, text, "")
        for schema in sorted({group.schema for group in groups if group.schema}):
            if not world.usable(role, schema):
                text = f"{who} lacks USAGE on schema {sql.quote_name(schema)}"
                yield _finding(name, policy, "require", who, text, "")


def _asked(privilege: str, version: int) -> tuple[Securable, ...]:
    first = next((kind for kind in _FIRST if privilege in known(kind, version)), None)
    return ("schema", "database", *([first] if first else []))


def _objects(group: Group) -> list[str]:
    if group.future:
        word = "function" if group.type == "routine" else group.type
        return [f"future {word}s of {sql.quote_name(group.owner)}"]
    return [group.shown(item) for item in group.objects]


def _listed(objects: Sequence[str]) -> str:
    more = f" and {len(objects) - _NAMED} more" if len(objects) > _NAMED else ""
    return ", ".join(objects[:_NAMED]) + more


def _finding(
    name: str, policy: Policy, kind: str, subject: str, text: str, evidence: str
) -> Finding:
    reason = f" ({policy.reason})" if policy.reason else ""
    return Finding(
        rule=f"policy-{kind}",
        severity=policy.severity,
        subject=f"{name}/{subject}",
        message=f"policy `{name}`: {text}{reason}",
        evidence=evidence,
        source=("policies", name, kind),
    )
