"""Roles: attributes, limits, password and comment; and how one is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.acl import Source
from chiro_db.model.effect import RoleAltered, RoleDropped, RoleMade
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step

NAME = "role"
# Off unless the spec says on; the privileged ones take the attribute itself or a superuser.
_OFF = ("superuser", "createdb", "createrole", "replication", "bypassrls")
_PRIVILEGED = ("superuser", "createdb", "replication", "bypassrls")
_ATTRIBUTES = (*_OFF, "login", "inherit", "connection_limit", "valid_until")


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    superuser: bool
    createdb: bool
    createrole: bool
    replication: bool
    bypassrls: bool
    login: bool
    inherit: bool
    connection_limit: int
    valid_until: str | None  # as in the spec: 2027-06-30 00:00:00+00:00
    expired: bool  # valid_until is past: no password is right
    comment: str | None
    usable: bool  # by the connected role: its privileges are inherited
    settable: bool  # ... SET ROLE to it is allowed
    administrable: bool  # ... it may be granted to others


def parameters(request: Request) -> Mapping[str, Any]:
    return {"roles": list(request.named), "everyone": request.everyone}


def desired(scope: Scope, name: str) -> dict[str, Any]:
    """The attributes that the spec decides; of an administrator only those that it writes."""
    written = scope.role(name)
    result: dict[str, Any] = {}
    for attribute in _ATTRIBUTES:
        value = getattr(written, attribute) if written is not None else None
        if value is not None:
            result[attribute] = value
        elif name not in scope.administrators and attribute in (*_OFF, "login"):
            result[attribute] = attribute == "login" and name in scope.logins
    if name in scope.logins:
        result["login"] = True
    return result


def changes(scope: Scope) -> Iterator[Change]:
    for name, source in scope.declared.items():
        if not scope.has_role(name):
            continue
        have = scope.actual_roles.get(name)
        want = desired(scope, name)
        if have is None:
            yield from _create(scope, name, want, source)
        else:
            yield from _alter(scope, have, want, source)
        yield from _comment(scope, name, have, source)
    owner = scope.spec.database.owner
    if owner is not None and owner not in scope.declared and owner not in scope.actual_roles:
        message = f"the database's owner `{owner}` does not exist; declare it under `roles:`"
        scope.report("error", ("database", "owner"), message)
    if not scope.only:
        for name in scope.absent:
            if name in scope.actual_roles:
                yield from _drop(scope, name)


def _create(scope: Scope, name: str, want: Mapping[str, Any], source: Source) -> Iterator[Change]:
    """What an ordinary administrator may not give is a change of its own: the role can be made."""
    later: dict[str, Any] = {}
    if not scope.server.superuser:
        later = {a: True for a in _PRIVILEGED if want.get(a)}
        want = {a: v for a, v in want.items() if a not in later}
    yield _created(scope, name, want, source)
    for attribute in later:
        yield _altered(scope, name, {attribute: False}, {attribute: True}, source, None)


def _created(scope: Scope, name: str, want: Mapping[str, Any], source: Source) -> Change:
    options = [o for a, v in want.items() if v is not False for o in _option(a, v)]
    if want.get("inherit") is False:
        options.append(sql.Keyword("NOINHERIT"))
    written = scope.role(name)
    secret = written.password if written is not None else None
    if secret is not None:
        options += [sql.Keyword("PASSWORD"), sql.Verifier()]
    text = sql.statement("role/create", name=sql.Name(name), options=options)
    shown = " ".join(str(o) for o in options if not isinstance(o, sql.Verifier)) or "NOLOGIN"
    return Change(
        kind=NAME,
        address=f"role.{name}",
        name=name,
        action=Action.CREATE,
        summary=f"create role {sql.quote_name(name)} ({shown})",
        step=Step.CREATE_ROLE,
        statements=(Statement(text, secret=secret),),
        after={**want, "password": "***"} if secret else dict(want),
        service=scope.service_of(name),
        source=source,
        needs=frozenset({Need("createrole")}),
        effects=(RoleMade(name, dict(want)),),
    )


def _option(attribute: str, value: Any) -> list[sql.Value]:
    if attribute == "connection_limit":
        return [sql.Keyword("CONNECTION LIMIT"), sql.Number(value)]
    if attribute == "valid_until":
        return [sql.Keyword("VALID UNTIL"), sql.Text(value)]
    return [sql.Keyword(("" if value else "NO") + attribute.upper())]


def _alter(scope: Scope, have: Fact, want: Mapping[str, Any], source: Source) -> Iterator[Change]:
    differing = {a: v for a, v in want.items() if getattr(have, a) != v}
    off = [a for a in differing if differing[a] is False]
    apart = [off] if scope.additive else []  # what is taken away is only reported
    if not scope.server.superuser:  # what may be blocked shall not block the rest
        apart += [[a] for a in differing if a in _PRIVILEGED]
    for attributes in apart:
        part = {a: differing.pop(a) for a in attributes if a in differing}
        if part:
            yield _altered(scope, have.name, _values(have, part), part, source, None)
    secret = None
    if have.name in scope.new_passwords:
        written = scope.role(have.name)
        secret = written.password if written is not None else None
    if differing or secret:
        yield _altered(scope, have.name, _values(have, differing), differing, source, secret)


def _values(have: Fact, attributes: Iterable[str]) -> dict[str, Any]:
    return {attribute: getattr(have, attribute) for attribute in attributes}


def _altered(
    scope: Scope,
    name: str,
    before: Mapping[str, Any],
    differing: Mapping[str, Any],
    source: Source,
    secret: str | None,
) -> Change:
    options = [o for a, v in differing.items() for o in _option(a, v)]
    words = [f"{a}: {_word(before[a])} -> {_word(v)}" for a, v in differing.items()]
    if secret is not None:
        options += [sql.Keyword("PASSWORD"), sql.Verifier()]
        words.append("password: a new one")
    off = {a for a, v in differing.items() if v is False}
    # From 16 on INHERIT is only what memberships to come have where they do not say.
    taking = bool(off - {"inherit"}) or ("inherit" in off and scope.server.major < 16)
    needs = {Need("alter" if differing else "password", name)}
    needs |= {Need("attribute", a) for a in _PRIVILEGED[1:] if a in differing}
    needs |= {Need("superuser")} if "superuser" in differing else set()
    return Change(
        kind=NAME,
        address=f"role.{name}",
        name=name,
        action=Action.UPDATE,
        summary=f"role {sql.quote_name(name)}: {', '.join(words)}",
        step=Step.ALTER_ROLE,
        statements=(
            Statement(
                sql.statement("role/alter", name=sql.Name(name), options=options),
                secret=secret,
            ),
        ),
        before=before,
        after={**differing, "password": "***"} if secret else dict(differing),
        hazards=frozenset({Hazard.REVOKES_ACCESS}) if taking else frozenset(),
        service=scope.service_of(name),
        source=source,
        needs=frozenset(needs),
        extra=bool(off),
        effects=(RoleAltered(name, dict(differing)),),
    )


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {True: "on", False: "off", None: "none"}[value]
    return str(value)


def _comment(scope: Scope, name: str, have: Fact | None, source: Source) -> Iterator[Change]:
    written = scope.role(name)
    if written is None or written.comment is None:
        return
    before = have.comment if have is not None else None
    if written.comment == (before or ""):
        return
    text = sql.statement("role/comment", name=sql.Name(name), comment=sql.Text(written.comment))
    yield Change(
        kind=NAME,
        address=f"role.{name}.comment",
        name=name,
        action=Action.UPDATE,
        summary=f"comment of role {sql.quote_name(name)}",
        step=Step.ALTER_ROLE,
        statements=(Statement(text),),
        before={"comment": before},
        after={"comment": written.comment},
        service=scope.service_of(name),
        source=(*source, "comment"),
        needs=frozenset({Need("comment", name)}),
    )


def _drop(scope: Scope, name: str) -> Iterator[Change]:
    """REASSIGN OWNED, DROP OWNED, DROP ROLE; refused where something else would go with it."""
    source: Source = ("roles", name)
    heir = scope.spec.roles[name].reassign_to
    if name in scope.administrators:
        scope.report("error", source, f"`{name}` is an administrator here and cannot be dropped")
        return
    belongings = [b for b in scope.state.belongings if b.role == name]
    lost = [b for b in belongings if b.relation == "user mapping" or b.alone]
    elsewhere = [b for b in belongings if b.relation == "elsewhere"]
    databases = [b for b in belongings if b.relation == "database"]
    owned = [b for b in belongings if b.relation == "owned"]
    for items, why in (
        (lost, "would be dropped with it"),
        (elsewhere, "it still holds elsewhere; connect there and run REASSIGN OWNED, DROP OWNED"),
        (databases, "it owns; run ALTER DATABASE ... OWNER TO"),
        (owned if heir is None else [], "it owns; say `reassign_to:`"),
    ):
        if items:
            listed = ", ".join(
                b.object + (f" in database {b.database}" if items is elsewhere else "")
                for b in items[:10]
            )
            more = f" and {len(items) - 10} more" if len(items) > 10 else ""
            message = f"role `{name}` cannot be dropped: {listed}{more} {why}"
            scope.report("error", source, message)
    role = sql.Name(name)
    statements = []
    if belongings:
        # DROP OWNED would drop what it has come to own since: that goes to somebody, too
        to_whom = sql.Name(heir) if heir is not None else None
        statements.append(sql.statement("role/reassign", name=role, heir=to_whom))
        statements.append(sql.statement("role/disown", name=role))
    statements.append(sql.statement("role/drop", name=role))
    to = f", what it owns goes to {heir}" if owned else ""
    yield Change(
        kind=NAME,
        address=f"role.{name}",
        name=name,
        action=Action.DELETE,
        summary=f"drop role {role}{to}",
        step=Step.DROP_ROLE,
        statements=tuple(Statement(text) for text in statements),
        before={"name": name, "owns": [b.object for b in owned]},
        hazards=frozenset({Hazard.DROPS_ROLE, *([Hazard.CHANGES_OWNER] if owned else [])}),
        source=source,
        needs=frozenset(
            {Need("drop", name)}
            | ({Need("use", name)} if belongings else set())
            | {Need("use", b.owner) for b in belongings if b.owner is not None}
            | ({Need("use", heir)} if belongings and heir else set())
        ),
        effects=(RoleDropped(name, heir if owned else None),),
        extra=True,
    )
