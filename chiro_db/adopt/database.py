"""The section `database`: whose it is, what is in it for all, and who connects."""

from __future__ import annotations

from typing import Any

from chiro_db.adopt import holdings, settings
from chiro_db.adopt.live import Live
from chiro_db.adopt.services import Service
from chiro_db.adopt.text import Noted
from chiro_db.kinds.database import READS_EVERYTHING
from chiro_db.model import acl
from chiro_db.model.acl import Grantee

_DATABASE = ("CONNECT", "TEMPORARY", "CREATE")


def section(
    live: Live,
    found: list[Service],
    named: set[str],
    held: frozenset[holdings.Held],
    *,
    explicit: bool,
) -> dict[str, Any]:
    result: dict[str, Any] = {"name": live.database.name}
    if live.database.owner in live.roles:
        result["owner"] = live.database.owner
    if live.database.comment:
        result["comment"] = live.database.comment
    if extensions := _extensions(live):
        result["extensions"] = extensions
    if of_database := settings.stored(live, None):
        result["settings"] = settings.written(of_database)
    grants: dict[tuple[tuple[str, ...], bool], list[Grantee]] = {}
    beyond = {h.grantee for h in held if (h.privilege, h.grantable) != ("CONNECT", False)}
    connecting = set() if explicit else _connecting(live, found, named, beyond)
    for grantable in (False, True):
        by_grantee: dict[Grantee, set[str]] = {}
        for h in held:
            implied = h.privilege == "CONNECT" and h.grantee in connecting
            if h.grantable == grantable and not (implied and not grantable):
                by_grantee.setdefault(h.grantee, set()).add(h.privilege)
        for grantee, given in by_grantee.items():
            key = (tuple(sorted(given, key=_DATABASE.index)), grantable)
            grants.setdefault(key, []).append(grantee)
    lines = []
    for (privileges, grantable), grantees in grants.items():
        to = sorted("public" if g is None else g for g in grantees)
        line: dict[str, Any] = {"to": to[0] if len(to) == 1 else to, "privileges": [*privileges]}
        line |= {"grantable": True} if grantable else {}
        lines.append(Noted(line, beside="everyone") if None in grantees else line)
    if explicit:
        result["connect"] = Noted("explicit", beside="not every login has CONNECT by itself")
    if lines:
        result["grants"] = sorted(lines, key=repr)
    return result


def _extensions(live: Live) -> list[str] | dict[str, Any]:
    """A list of names where all are in the schema that they would be made in."""
    found = {fact.name: fact.schema for fact in live.state.facts["extension"]}
    elsewhere = {n for n, s in found.items() if s != "public" and not (s or "").startswith("pg_")}
    if not elsewhere:
        return sorted(found)
    return {name: {"schema": found[name]} if name in elsewhere else {} for name in sorted(found)}


def _connecting(
    live: Live, found: list[Service], named: set[str], granted: set[Grantee]
) -> set[str]:
    """The login roles that get CONNECT without a line: kinds/database.py has the rule."""
    users: set[Grantee] = {live.database.owner, *granted}
    for service in found:
        users.update((service.owner, service.app, service.reader, *service.creators))
        users.update(service.lines)
    users |= READS_EVERYTHING
    groups: dict[str, set[str]] = {}
    for row in live.memberships:
        if row.inherit and row.member in named and (row.role in named or row.role in users):
            groups.setdefault(row.member, set()).add(row.role)
    result = set()
    for role in named:
        reached, waiting = {role}, [role]
        while waiting:
            new = groups.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        if live.roles[role].login and reached & users:
            result.add(role)
    return result


def connect_is_implied(
    live: Live, found: list[Service], named: set[str], held: frozenset[holdings.Held]
) -> bool:
    """Whether all that would get CONNECT have it."""
    entries = acl.parse(live.database.acl)
    have = {entry.grantee for entry in entries if entry.privilege == "CONNECT"}
    granted = {h.grantee for h in held}
    return _connecting(live, found, named, granted) - {live.database.owner} <= have
