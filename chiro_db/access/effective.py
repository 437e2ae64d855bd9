"""Who holds which privilege on a group of objects, and by what; equals has_*_privilege.

As there, USAGE on the schema is not asked for: `World.usable` tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from chiro_db.access.roles import Path, Roles
from chiro_db.access.world import Group, World
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import Securable, known

How = Literal["superuser", "owner", "grant", "public", "predefined"]
# What members of these may do whatever the ACLs say (aclchk.c; pg_maintain is 17's).
PREDEFINED: Mapping[str, Mapping[Securable, tuple[str, ...]]] = {
    "pg_read_all_data": {"table": ("SELECT",), "sequence": ("SELECT",), "schema": ("USAGE",)},
    "pg_write_all_data": {
        "table": ("INSERT", "UPDATE", "DELETE"),
        "sequence": ("UPDATE",),
        "schema": ("USAGE",),
    },
    "pg_maintain": {"table": ("MAINTAIN",)},
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a role comes to a privilege."""

    how: How
    path: Path  # from the role itself to the one that owns it or was granted it; PUBLIC: ()
    grantor: str = ""
    grantable: bool = False

    @property
    def through(self) -> Path:
        """The groups by which the role has it."""
        return self.path[1:]


Held = Mapping[str, tuple[Reason, ...]]  # by privilege


def holders(world: World, group: Group) -> Mapping[Grantee, Held]:
    """By ACL and ownership; None is PUBLIC. Superusers and predefined roles: see `everywhere`."""
    found: dict[Grantee, dict[str, list[Reason]]] = {}
    for grantee, privilege, grantor, grantable in sorted(group.entries, key=_order):
        if grantee is None:
            reason = Reason("public", (), grantor)
            found.setdefault(None, {}).setdefault(privilege, []).append(reason)
            continue
        owns = grantee == group.owner
        for role, path in world.roles.below(grantee).items():
            reason = Reason("owner" if owns else "grant", path, grantor, grantable or owns)
            reasons = found.setdefault(role, {}).setdefault(privilege, [])
            if reason not in reasons:
                reasons.append(reason)
    return {
        role: {privilege: tuple(reasons) for privilege, reasons in held.items()}
        for role, held in found.items()
    }


def _order(entry: tuple[Grantee, str, str, bool]) -> tuple[str, str, str]:
    return entry[0] or "", entry[1], entry[2]


def everywhere(roles: Roles, role: str) -> Mapping[str, Path]:
    """Superuser or predefined roles that give it privileges on everything, with the way there."""
    above = roles.above(role)
    found: dict[str, Path] = {name: above[name] for name in PREDEFINED if name in above}
    if role in roles.superusers:
        found["superuser"] = (role,)
    return found


def unlimited(roles: Roles) -> frozenset[str]:
    """The roles that `everywhere` has something for."""
    below = (roles.below(name) for name in PREDEFINED)
    return roles.superusers | {role for found in below for role in found} - set(PREDEFINED)


def held(world: World, role: Grantee, group: Group) -> Held:
    """All that a role may do with the objects: what PUBLIC may included; None asks for PUBLIC."""
    return all_of(world, role, group, holders(world, group))


def all_of(world: World, role: Grantee, group: Group, found: Mapping[Grantee, Held]) -> Held:
    """The same where the holders are known."""
    result: dict[str, list[Reason]] = {}
    for holder in dict.fromkeys((role, None)):
        for privilege, reasons in found.get(holder, {}).items():
            result.setdefault(privilege, []).extend(reasons)
    if role is not None and not group.future:
        for privilege, reason in _by_standing(world, role, group.type):
            result.setdefault(privilege, []).append(reason)
    return {privilege: tuple(reasons) for privilege, reasons in result.items()}


def _by_standing(world: World, role: str, securable: Securable) -> Iterator[tuple[str, Reason]]:
    for name, path in everywhere(world.roles, role).items():
        if name == "superuser":
            for privilege in known(securable, world.version):
                yield privilege, Reason("superuser", path, grantable=True)
            continue
        for privilege in PREDEFINED[name].get("table" if securable == "column" else securable, ()):
            if privilege in known(securable, world.version):
                yield privilege, Reason("predefined", path)


def may_grant(world: World, role: Grantee, group: Group) -> Collection[str]:
    """The privileges that it may give to others: owners all, whether they hold them or not."""
    if role is None:
        return ()
    if role in world.roles.superusers or group.owner in world.roles.above(role):
        return known(group.type, world.version)
    found = held(world, role, group)
    return [p for p, reasons in found.items() if any(reason.grantable for reason in reasons)]
