"""Schemas of services, and `public` as far as its own ACL goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds import acl_above, acl_changes
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.acl import Source, Wanted, parse
from chiro_db.model.effect import Made, On, Owned
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.predefined import DATABASE_OWNER

NAME = "schema"
UNFINISHED = "chirodb: an unfinished restore"  # a schema's comment until all of it is there
_PUBLIC = "public"
# PostgreSQL's own USAGE for PUBLIC on `public` is left as it is.
_TOLERATED = frozenset({(None, "USAGE")})


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    owner: str
    comment: str | None
    acl: tuple[str, ...]


def parameters(request: Request) -> Mapping[str, Any]:
    return {"schemas": list(request.by_schema)}


def changes(scope: Scope) -> Iterator[Change]:
    actual: dict[str, Fact] = {fact.name: fact for fact in scope.facts(NAME)}
    for key, service in scope.services.items():
        if scope.has_service(key):
            have = actual.get(service.schema_name)
            yield from _service(scope, key, have)
    public = actual.get(_PUBLIC)
    if public is not None and _PUBLIC not in scope.by_schema and not scope.only:
        yield from _acl(scope, public, public.owner, {}, ("database",), None)


def _service(scope: Scope, key: str, have: Fact | None) -> Iterator[Change]:
    service = scope.services[key]
    name, owner = service.schema_name, service.owner
    shown = sql.Name(name)
    source: Source = ("services", key, "schema")
    if have is None:
        yield Change(
            kind=NAME,
            address=f"schema.{name}",
            name=name,
            action=Action.CREATE,
            summary=f"create schema {shown} owned by {sql.quote_name(owner)}",
            step=Step.SCHEMA,
            statements=(
                Statement(sql.statement("schema/create", name=shown, owner=sql.Name(owner))),
            ),
            after={"name": name, "owner": owner},
            service=key,
            source=source,
            needs=frozenset({Need("use", owner), Need("create in database")}),
            effects=(Made(_on(name), owner, parse(_of_new(scope, owner))),),
        )
        have = Fact(name, owner, None, _of_new(scope, owner))
    elif have.owner != owner:
        yield Change(
            kind=NAME,
            address=f"schema.{name}.owner",
            name=name,
            action=Action.UPDATE,
            summary=f"owner of schema {shown}: {have.owner} -> {owner}",
            step=Step.SCHEMA_OWNER,
            statements=(
                Statement(sql.statement("schema/owner", name=shown, owner=sql.Name(owner))),
            ),
            before={"owner": have.owner},
            after={"owner": owner},
            hazards=frozenset({Hazard.CHANGES_OWNER}),
            service=key,
            source=("services", key, "owner"),
            needs=frozenset(
                {Need("use", have.owner), Need("use", owner), Need("create in database")}
            ),
            effects=(Owned(_on(name), owner),),
        )
    if have.comment == UNFINISHED:
        message = f"the schema `{name}` is half made: a restore is at work, or was killed"
        hint = f"wait for it, or `chirodb backup restore {key} --replace`"
        scope.report("warning", source, message, hint)
    elif service.purpose is not None and service.purpose != (have.comment or ""):
        text = sql.statement("schema/comment", name=shown, comment=sql.Text(service.purpose))
        yield Change(
            kind=NAME,
            address=f"schema.{name}.comment",
            name=name,
            action=Action.UPDATE,
            summary=f"comment of schema {shown}",
            step=Step.SCHEMA_OWNER,
            statements=(Statement(text),),
            before={"comment": have.comment},
            after={"comment": service.purpose},
            service=key,
            source=("services", key, "purpose"),
            needs=frozenset({Need("use", owner), Need("use", have.owner)}),
        )
    above = scope.access[name].above
    # creators who may make objects anyway need no grant for it
    able = scope.superusers | (scope.database_owners if owner == DATABASE_OWNER else frozenset())
    wanted = {
        (grantee, privilege): right
        for (grantee, privilege), right in above.items()
        if grantee not in able or right.source[2:3] != ("creators",)
    }
    yield from _acl(scope, have, owner, wanted, source, key)


def _on(name: str) -> On:
    return On("schema", name, ((name, None),))


def _of_new(scope: Scope, owner: str) -> tuple[str, ...]:
    """The ACL that CREATE SCHEMA gives: the owner's default privileges, else the built-in ones."""
    for fact in scope.facts("default_privilege"):
        if fact.type == "schema" and fact.role == owner:
            return tuple(fact.acl)
    item = '"' + owner.replace('"', '""') + '"'
    return (f"{item}=UC/{item}",)


def _acl(
    scope: Scope, have: Fact, owner: str, wanted: Wanted, source: Source, service: str | None
) -> Iterator[Change]:
    shown = sql.Name(have.name)
    yield from acl_above.above(
        scope,
        acl_changes.Target(
            "schema",
            shown,
            f"schema.{have.name}",
            f"schema {shown}",
            source,
            service,
            where=_on(have.name),
        ),
        entries=parse(have.acl),
        old_owner=have.owner,
        owner=owner,
        wanted=wanted,
        tolerated=_TOLERATED if have.name == _PUBLIC else (),
    )
