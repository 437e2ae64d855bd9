"""The roles that have to do with the database, and what the spec says about each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chiro_db.adopt.live import Live
from chiro_db.adopt.services import Service
from chiro_db.kinds.database import READS_EVERYTHING
from chiro_db.kinds.membership import Fact as Membership

_ATTRIBUTES = ("superuser", "createdb", "createrole", "replication", "bypassrls")


def concerned(live: Live, found: Iterable[Service], more: Iterable[str]) -> set[str]:
    """Who owns, makes or holds something, has a setting here, or is a member of one of these.

    Besides those who read everything by a predefined role. Other roles of the server are not
    named: a spec leaves alone what it does not name.
    """
    result = set(more)
    for service in found:
        result.update(r for r in (service.owner, service.app, service.reader) if r is not None)
        result.update(service.creators, (r for r in service.lines if r is not None))
    for fact in live.state.facts["setting"]:
        if fact.role is not None and live.is_chosen(fact.role) and not live.is_superuser(fact.role):
            result.add(fact.role)
    owner = live.database.owner
    result |= {owner for row in live.memberships if row.role == owner}
    waiting = True
    while waiting:
        members = {
            row.member
            for row in live.memberships
            if (row.role in result or row.role in READS_EVERYTHING) and live.is_chosen(row.member)
        }
        waiting = bool(members - result)
        result |= members
    return result & live.roles.keys()


def left_out(live: Live, named: set[str], holding: Iterable[str]) -> list[str]:
    """With --role: who holds something managed and was not chosen, so that it is ignored."""
    members = {row.member for row in live.memberships if row.role in named}
    return sorted(
        role
        for role in {*members, *holding} & live.roles.keys()
        if role not in named and not live.is_superuser(role)
    )


def body(
    live: Live, name: str, named: set[str], *, logs_in: bool, migrates: Iterable[str]
) -> dict[str, Any]:
    """What differs from a role that nothing is said about; settings come on top.

    `logs_in`: a service declares it with LOGIN. `migrates`: whose migrator it is.
    """
    role = live.roles[name]
    result: dict[str, Any] = {}
    if role.login != logs_in:
        result["login"] = role.login
    for attribute in _ATTRIBUTES:
        if getattr(role, attribute):
            result[attribute] = True
    if not role.inherit:
        result["inherit"] = False
    if role.connection_limit != -1:
        result["connection_limit"] = role.connection_limit
    if (until := _day(role.valid_until)) is not None:
        result["valid_until"] = until
    if role.comment:
        result["comment"] = role.comment
    if groups := _groups(live, name, named, set(migrates)):
        result["member_of"] = groups
    return result


def _day(valid_until: str | None) -> str | None:
    """As short as it is said in UTC; None too where no calendar of Python has the day."""
    if valid_until is None or valid_until == "infinity":
        return valid_until
    try:
        instant = datetime.fromisoformat(valid_until)
    except ValueError:
        return None
    return instant.date().isoformat() if instant.time() == instant.min.time() else valid_until


def _groups(live: Live, name: str, named: set[str], owners: set[str]) -> list[Any]:
    """Names, or mappings where an option is not what it would be."""
    rows: dict[str, list[Membership]] = {}
    for row in live.by_member.get(name, ()):
        is_known = row.role in named or row.role not in live.roles
        if is_known and row.role not in owners:
            rows.setdefault(row.role, []).append(row)
    result: list[Any] = []
    for group in sorted(rows):
        options: dict[str, Any] = {}
        inherit = any(row.inherit for row in rows[group])
        if inherit != live.roles[name].inherit:
            options["inherit"] = inherit
        if not any(row.set for row in rows[group]):
            options["set"] = False
        if any(row.admin for row in rows[group]):
            options["admin"] = True
        result.append({"role": group, **options} if options else group)
    return result
