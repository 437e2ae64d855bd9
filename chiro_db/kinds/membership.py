"""Memberships among managed roles and in predefined ones, with ADMIN, INHERIT and SET (16+)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chiro_db import sql
from chiro_db.kinds.member_of import Key, Want, desired
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.effect import Joined, Left
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.revoking import ActsAs

NAME = "membership"
_OPTIONS = ("admin", "inherit", "set")


@dataclass(frozen=True, slots=True)
class Fact:
    role: str
    member: str
    grantor: str
    automatic: bool  # granted by the bootstrap superuser, as CREATE ROLE does from 16 on
    admin: bool
    inherit: bool
    set: bool
    managed: bool = True  # in a role that the spec names, or a named role's in a predefined one


def parameters(request: Request) -> Mapping[str, Any]:
    return {"roles": list(request.named)}


def acts_as(scope: Scope) -> ActsAs:
    """Whether one role will inherit the privileges of another once the plan has run."""
    return scope.once(_acts_as)


def _acts_as(scope: Scope) -> ActsAs:
    @cache
    def groups() -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        want = desired(scope)
        for (role, member), wanted in want.items():
            if wanted.inherit:
                found.setdefault(member, []).append(role)
        for row in scope.facts(NAME):
            stays = scope.additive or not row.managed
            stays |= (row.role, row.member) not in want and _exempt(scope, row)
            if row.inherit and stays:
                found.setdefault(row.member, []).append(row.role)
        return found

    @cache
    def reached(role: str) -> frozenset[str]:
        found, waiting = {role}, [role]
        while waiting:
            new = set(groups().get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return frozenset(found)

    return lambda role, other: role in scope.superusers or other in reached(role)


def _exempt(scope: Scope, row: Fact) -> bool:
    """Rows that are nobody's business: of administrators, superusers and ignored roles."""
    if row.member in scope.absent or row.role in scope.absent:
        return True  # they go with the role
    if row.role not in scope.named_set and row.member not in scope.declared:
        return True
    if row.member in scope.administrators:
        if row.member == row.grantor == scope.server.role:
            return True  # what it gave itself to act as others (plan/reach.py)
        written = scope.role(row.member)
        return written is None or written.member_of is None or row.automatic
    return scope.ignored(row.member) or row.member in scope.superusers


def _concerned(scope: Scope, row: Fact) -> bool:
    """With --service: memberships of its roles, and anyone's in the roles that it declares."""
    return scope.has_role(row.member) or scope.service_of(row.role) in scope.only


def changes(scope: Scope) -> Iterator[Change]:
    want = desired(scope)
    have: dict[Key, list[Fact]] = {}
    rows = [row for row in scope.facts(NAME) if row.managed]
    if scope.server.major >= 16:  # what a role granted goes with it
        rows = [row for row in rows if row.grantor not in scope.absent]
    for row in rows:
        have.setdefault((row.role, row.member), []).append(row)
    left = list(rows)
    revokes: list[tuple[Fact, str | None]] = []
    for row in sorted(rows, key=lambda r: (r.role, r.member, r.grantor)):
        wanted = want.get((row.role, row.member))
        if not _concerned(scope, row) or (wanted is None and _exempt(scope, row)):
            continue
        if wanted is None:
            revokes.append((row, None))
        elif not _exempt(scope, row):
            revokes += [(row, o) for o in _options(scope) if _extra(row, wanted, o)]
    for row, option in revokes:
        yield _revoke(scope, row, option)
        if not scope.additive and (option is not None or row.admin):
            left = _without(scope, left, row, option)
    if not scope.additive:  # all at once what nothing else hangs on
        gone = {row for row, option in revokes if option is None}
        left = [row for row in left if row not in gone]
    after: dict[Key, list[Fact]] = {}
    for row in left:
        after.setdefault((row.role, row.member), []).append(row)
    groups: dict[str, set[str]] = {}
    for row in (*left, *(row for row in scope.facts(NAME) if not row.managed)):
        groups.setdefault(row.member, set()).add(row.role)
    for key, wanted in want.items():
        if scope.has_role(wanted.member) and not _satisfied(scope, after.get(key, ()), wanted):
            if circle := _circle(groups, wanted):
                scope.report("error", wanted.source, circle)
            kept = _with_options(wanted, after.get(key, ()))
            yield _grant(scope, kept, have.get(key, ()))


def _circle(groups: Mapping[str, set[str]], want: Want) -> str | None:
    """Why PostgreSQL would refuse it: by memberships that stay, the group is in its member."""
    found, waiting = {want.role}, [want.role]
    while waiting:
        new = groups.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    if want.member not in found:
        return None
    return (
        f"`{want.member}` cannot be made a member of `{want.role}`: that is a member of"
        f" `{want.member}` itself, by a membership that the spec leaves as it is"
    )


def _options(scope: Scope) -> tuple[str, ...]:
    return _OPTIONS if scope.server.major >= 16 else ("admin",)


def _extra(row: Fact, want: Want, option: str) -> bool:
    return bool(getattr(row, option) and not getattr(want, option))


def _satisfied(scope: Scope, rows: Iterable[Fact], want: Want) -> bool:
    rows = list(rows)
    return bool(rows) and all(
        not getattr(want, option) or any(getattr(row, option) for row in rows)
        for option in _options(scope)
    )


def _without(scope: Scope, rows: list[Fact], gone: Fact, option: str | None) -> list[Fact]:
    """The rows that REVOKE ... CASCADE leaves: without ADMIN nobody's grants stand (16+)."""
    if option is None:
        rows = [row for row in rows if row != gone]
    else:
        taken: dict[str, Any] = {option: False}
        rows = [replace(row, **taken) if row == gone else row for row in rows]
    if scope.server.major < 16 or not gone.admin or option not in (None, "admin"):
        return rows
    if any(r.role == gone.role and r.member == gone.member and r.admin for r in rows):
        return rows
    for row in [r for r in rows if r.role == gone.role and r.grantor == gone.member]:
        rows = _without(scope, rows, row, None)
    return rows


def _revoke(scope: Scope, row: Fact, option: str | None) -> Change:
    role, member = sql.Name(row.role), sql.Name(row.member)
    by = sql.Name(row.grantor) if scope.server.major >= 16 else None
    text = sql.statement(
        "membership/drop",
        role=role,
        member=member,
        option=sql.Keyword(option.upper()) if option else None,
        grantor=by,
        cascade=row.admin and option in (None, "admin") and scope.server.major >= 16,
    )
    what = f"{option.upper()} option of the membership" if option else "membership"
    needs = {Need("admin", row.role)}
    if by is not None and row.grantor != scope.server.role:
        managed = row.grantor in scope.declared
        needs.add(Need("use" if managed else "grantor", row.grantor))
    return Change(
        kind=NAME,
        address=f"membership.{row.role}.{row.member}",
        name=row.member,
        action=Action.UPDATE if option else Action.DELETE,
        summary=f"revoke {what} of {member} in {role}",
        step=Step.REVOKE_MEMBERSHIP,
        statements=(Statement(text),),
        before={o: getattr(row, o) for o in _options(scope)} | {"granted_by": row.grantor},
        after={option: False} if option else None,
        hazards=frozenset({Hazard.REVOKES_ACCESS}),
        service=scope.service_of(row.role) or scope.service_of(row.member),
        origin=f"not in the spec, granted by {sql.quote_name(row.grantor)}",
        needs=frozenset(needs),
        extra=True,
        effects=(Left(row.role, row.member, row.grantor, option),),
    )


def _with_options(want: Want, rows: Iterable[Fact]) -> Want:
    """GRANT sets all options, so those that stay (`enforce: additive`) have to be said again."""
    rows = list(rows)
    options: dict[str, Any] = {
        o: getattr(want, o) or any(getattr(row, o) for row in rows) for o in _OPTIONS
    }
    return replace(want, **options)


def _grant(scope: Scope, want: Want, have: Iterable[Fact]) -> Change:
    role, member = sql.Name(want.role), sql.Name(want.member)
    options: list[sql.Value] = []
    if scope.server.major >= 16:
        for option in _OPTIONS:
            words = f"{option.upper()} {'TRUE' if getattr(want, option) else 'FALSE'}"
            options.append(sql.Keyword(words))
    elif want.admin:
        options.append(sql.Keyword("ADMIN OPTION"))
    text = sql.statement(
        "membership/create",
        role=role,
        member=member,
        options=sql.Listed(options) if options else None,
    )
    before = [{o: getattr(row, o) for o in _OPTIONS} for row in have]
    said = [o for o in _OPTIONS if getattr(want, o) != (o != "admin")]
    return Change(
        kind=NAME,
        address=f"membership.{want.role}.{want.member}",
        name=want.member,
        action=Action.UPDATE if before else Action.CREATE,
        summary=f"make {member} a member of {role}"
        + (f" ({', '.join(f'{o}: {_flag(want, o)}' for o in said)})" if said else ""),
        step=Step.GRANT_MEMBERSHIP,
        statements=(Statement(text),),
        before=before[0] if before else None,
        after={o: getattr(want, o) for o in _options(scope)},
        service=scope.service_of(want.role) or scope.service_of(want.member),
        source=want.source,
        needs=frozenset({Need("admin", want.role)}),
        effects=(Joined(want.role, want.member, want.admin, want.inherit, want.set),),
    )


def _flag(want: Want, option: str) -> str:
    return "true" if getattr(want, option) else "false"
