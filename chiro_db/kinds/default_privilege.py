"""Default privileges of owners and creators, so that new objects are as declared.

Rows of a schema only add to the built-in defaults; to take PUBLIC's EXECUTE away needs the
global row of the role (ALTER DEFAULT PRIVILEGES in PostgreSQL's manual, Notes).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds import acl_changes, acl_groups
from chiro_db.kinds.access import SchemaAccess
from chiro_db.kinds.acl_groups import Given, Taken
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model import acl, acl_delta
from chiro_db.model.acl import Grantee, Right, Source, Wanted
from chiro_db.model.effect import On
from chiro_db.model.plan import Change, Step
from chiro_db.model.privilege import Securable, known

NAME = "default_privilege"
TYPES: Mapping[Securable, str] = {
    "table": "TABLES",
    "sequence": "SEQUENCES",
    "routine": "ROUTINES",
    "type": "TYPES",
}
_OPEN = ("routine", "type")  # of which PUBLIC has something from the start


@dataclass(frozen=True, slots=True)
class Fact:
    role: str
    schema: str | None  # None: the role's global row, which replaces the built-in default
    type: Securable
    acl: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of pg_default_acl, whether it is there or only implied."""

    role: str
    schema: str | None
    type: Securable
    service: str | None
    source: Source


def parameters(request: Request) -> Mapping[str, Any]:
    makers = {role for roles in request.makers.values() for role in roles}
    return {"schemas": list(request.by_schema), "creators": sorted(makers)}


def changes(scope: Scope) -> Iterator[Change]:
    actual: dict[tuple[str, str | None, Securable], Collection[str]] = {
        (fact.role, fact.schema, fact.type): fact.acl for fact in scope.facts(NAME)
    }
    chosen = [a for a in scope.access.values() if scope.has_service(a.service)]
    makers: dict[str, tuple[str, bool]] = {}
    everywhere = _everywhere(scope, actual)
    for access in chosen:
        for role in scope.makers[access.schema]:
            _, types = makers.get(role, ("", False))
            makers[role] = (access.service, types or access.covers_types(role))
            source: Source = ("services", access.service)
            for securable in TYPES:
                future = access.future_of(role, securable)
                entries = actual.pop((role, access.schema, securable), ())
                if not (future or entries):
                    continue
                row = _Row(role, access.schema, securable, access.service, source)
                had = everywhere.get((role, securable), {})
                wanted = {key: right for key, right in future.items() if key not in had}
                yield from _row(scope, row, entries, wanted, complete=False, tolerated=had)
    for role, (service, covers_types) in makers.items():
        for securable in TYPES:
            keeps_public = securable == "type" and not covers_types
            if (role, None, securable) not in actual and (keeps_public or securable not in _OPEN):
                continue  # as built in: nobody but the role has anything that counts
            entries = actual.pop(
                (role, None, securable), built_in(role, securable, scope.server.version)
            )
            row = _Row(role, None, securable, service, ("services", service))
            yield from _row(
                scope,
                row,
                entries,
                {},
                complete=True,
                keeps_public=keeps_public,
                tolerated=everywhere.get((role, securable), {}),
            )
    for (role, schema, securable), entries in actual.items():
        if schema is not None and scope.has_service(scope.by_schema[schema]):
            service = scope.by_schema[schema]
            row = _Row(role, schema, securable, service, ("services", service))
            yield from _row(scope, row, entries, {}, complete=False)


def _everywhere(
    scope: Scope, actual: Mapping[tuple[str, str | None, Securable], Collection[str]]
) -> dict[tuple[str, Securable], Wanted]:
    """What a maker's global row gives and all of its services want: it need not stand in each."""
    result: dict[tuple[str, Securable], Wanted] = {}
    services: dict[str, list[SchemaAccess]] = {}
    for access in scope.access.values():
        for role in scope.makers[access.schema]:
            services.setdefault(role, []).append(access)
    for role, accesses in services.items():
        for securable in TYPES:
            futures = [access.future_of(role, securable) for access in accesses]
            if not all(futures):
                continue
            key = (role, None, securable)
            given = acl.parse(
                actual[key] if key in actual else built_in(role, securable, scope.server.version)
            )
            options = {(e.grantee, e.privilege): e.grantable for e in given if e.grantee != role}
            result[(role, securable)] = {
                right: futures[0][right]
                for right, grantable in options.items()
                if all(right in f and f[right].grantable == grantable for f in futures)
            }
    return result


def built_in(role: str, securable: Securable, version: int) -> frozenset[str]:
    """acldefault(): all for the owner, and for PUBLIC EXECUTE on routines, USAGE on types."""
    privileges = known(securable, version)
    public: Wanted = {}
    if securable in _OPEN:
        public = {(None, privilege): Right(False, ()) for privilege in privileges}
    return acl.items(role, privileges, public)


def _row(
    scope: Scope,
    row: _Row,
    items: Collection[str],
    wanted: Wanted,
    *,
    complete: bool,
    keeps_public: bool = False,
    tolerated: Wanted = acl.NOTHING,
) -> Iterator[Change]:
    owned = known(row.type, scope.server.version) if complete else ()
    if acl.items(row.role, owned, wanted) == frozenset(items):
        return
    entries = acl.parse(items)

    def spared(grantee: Grantee, _privilege: str) -> bool:
        return (keeps_public and grantee is None) or scope.spared(grantee)

    if not acl_delta.differs(entries, row.role, owned, wanted, spared, tolerated=tolerated):
        return
    delta = acl_delta.settle(
        entries,
        row.role,
        owned,
        wanted,
        spared,
        tolerated=tolerated,
        additive=scope.additive,
        complete=complete,
    )
    target = _target(row)
    report = acl_groups.reported if scope.additive else acl_groups.taken
    for item in report(delta, row.type):
        text = sql.statement("default_privilege/revoke", **_values(scope, row, item))
        yield acl_changes.revoke_change(
            target, item, owner=row.role, step=Step.REVOKE_DEFAULT, statements=[text]
        )
    for new in acl_groups.given(delta, row.type):
        text = sql.statement("default_privilege/grant", **_values(scope, row, new))
        yield acl_changes.grant_change(
            target, new, owner=row.role, step=Step.GRANT_DEFAULT, statement=text
        )


def _values(scope: Scope, row: _Row, item: Given | Taken) -> dict[str, Any]:
    words = acl_changes.privilege_list(row.type, item.privileges, scope.server.version)
    values: dict[str, Any] = {
        "role": sql.Name(row.role),
        "schema": sql.Name(row.schema) if row.schema is not None else None,
        "on": sql.Keyword(TYPES[row.type]),
        "privileges": words,
    }
    if isinstance(item, Given):
        grantees = sql.Listed(sql.grantee(g) for g in item.grantees)
        return values | {"grantees": grantees, "grantable": item.grantable}
    return values | {
        "grantees": sql.grantee(item.grantee),
        "option_only": item.option_only,
        "cascade": item.cascade,
    }


def _target(row: _Row) -> acl_changes.Target:
    where = f" in {sql.Name(row.schema)}" if row.schema is not None else ""
    word = "functions" if row.type == "routine" else f"{row.type}s"
    return acl_changes.Target(
        row.type,
        sql.Keyword(TYPES[row.type]),
        f"default.{row.role}.{row.schema or '*'}.{row.type}",
        f"future {word} of {sql.quote_name(row.role)}{where}",
        row.source,
        row.service,
        where=On(row.type, row.schema or "", (), maker=row.role),
    )
