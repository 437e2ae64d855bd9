"""The memberships that the spec declares, and who inherits by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chiro_db.kinds.scope import Scope
from chiro_db.model.acl import Source
from chiro_db.model.predefined import missing

Key = tuple[str, str]  # role, member


@dataclass(frozen=True, slots=True)
class Want:
    role: str
    member: str
    admin: bool
    inherit: bool
    set: bool
    source: Source


def desired(scope: Scope) -> dict[Key, Want]:
    """`member_of` of every declared role, and each migrator in its owner."""
    return scope.once(_desired)


def _desired(scope: Scope) -> dict[Key, Want]:
    result: dict[Key, Want] = {}
    for name, service in scope.services.items():
        if service.migrator is not None:
            source: Source = ("services", name, "migrator")
            result[(service.owner, service.migrator)] = Want(
                service.owner, service.migrator, False, True, True, source
            )
    for member in scope.declared:
        written = scope.role(member)
        for i, entry in enumerate((written.member_of if written else None) or ()):
            source = ("roles", member, "member_of", i)
            inherits = _inherits(scope, member)
            wants = entry.inherit if entry.inherit is not None else inherits
            if scope.server.major < 16 and (wants != inherits or not entry.set):
                message = (
                    f"PostgreSQL {scope.server.major} has no INHERIT and SET options of a"
                    f" membership; `inherit` of role `{member}` decides"
                )
                scope.report("error", source, message)
            if unknown := missing(entry.role, scope.server.major):
                scope.report("error", source, unknown)
            result[(entry.role, member)] = Want(
                entry.role, member, entry.admin, wants, entry.set, source
            )
    return result


def _inherits(scope: Scope, role: str) -> bool:
    """The role's attribute INHERIT: as written, else as it is, else PostgreSQL's default."""
    written = scope.role(role)
    if written is not None and written.inherit is not None:
        return written.inherit
    actual = scope.actual_roles.get(role)
    return True if actual is None else bool(actual.inherit)


def inheriting(scope: Scope, roles: Iterable[str]) -> frozenset[str]:
    """Who uses the privileges of any of the roles by inheritance, they themselves included."""
    members: dict[str, list[str]] = {}
    for (role, member), want in desired(scope).items():
        if want.inherit:
            members.setdefault(role, []).append(member)
    found = set(roles)
    waiting = list(found)
    while waiting:
        new = set(members.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return frozenset(found)
