"""The database: made where it is missing; owner, comment and who may connect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db import sql
from chiro_db.kinds import acl_above, acl_changes, member_of
from chiro_db.kinds.access import Rights, add
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.acl import Grantee, Right, Source, parse
from chiro_db.model.effect import Made, On, Owned
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.predefined import missing
from chiro_db.model.privilege import known

NAME = "database"
# Members of these may use everything, whatever the ACLs say.
READS_EVERYTHING = frozenset({"pg_read_all_data", "pg_write_all_data", "pg_maintain"})
_SOURCE: Source = ("database", "name")


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    owner: str
    comment: str | None
    acl: tuple[str, ...]


def parameters(request: Request) -> Mapping[str, Any]:
    return {}


def changes(scope: Scope) -> Iterator[Change]:
    section = scope.spec.database
    name = sql.Name(section.name)
    have: Fact | None = scope.actual_database
    if have is None:
        have = _from_template0(section.name, scope.server.role)
        yield Change(
            kind=NAME,
            address=f"database.{section.name}",
            name=section.name,
            action=Action.CREATE,
            summary=f"create database {name}",
            step=Step.CREATE_DATABASE,
            statements=(
                Statement(sql.statement("database/create", name=name), database="postgres"),
            ),
            after={"name": section.name},
            source=_SOURCE,
            needs=frozenset({Need("createdb")}),
            effects=(Made(_on(section.name), have.owner, parse(have.acl)),),
        )
    if not scope.only:
        yield from _attributes(scope, name, have)
    yield from acl_above.above(
        scope,
        acl_changes.Target(
            "database",
            name,
            f"database.{section.name}",
            f"database {name}",
            _SOURCE,
            where=_on(section.name),
        ),
        entries=parse(have.acl),
        old_owner=have.owner,
        owner=have.owner if scope.only else section.owner or have.owner,
        wanted=rights(scope, section.owner or have.owner),
    )


def _on(name: str) -> On:
    return On("database", "", ((name, None),))


def _from_template0(name: str, owner: str) -> Fact:
    """What CREATE DATABASE ... TEMPLATE template0 will leave (docs/decisions/0005)."""
    item = '"' + owner.replace('"', '""') + '"'
    return Fact(name, owner, None, (f"=Tc/{item}", f"{item}=CTc/{item}"))


def rights(scope: Scope, owner: str) -> Rights:
    """CONNECT for every login role that may use anything managed, and what the spec adds.

    With `connect: explicit` only the latter.
    """
    result: Rights = {}
    users: set[Grantee] = {owner, *(maker for makers in scope.makers.values() for maker in makers)}
    for schema_access in scope.access.values():
        users.update(schema_access.grantees())
    for i, grant in enumerate(scope.spec.database.grants):
        if not scope.active(grant.until):
            continue
        source: Source = ("database", "grants", i)
        privileges = known("database", 0) if "ALL" in grant.privileges else grant.privileges
        for to in grant.to:
            if unknown := missing(to, scope.server.major):
                scope.report("error", source, unknown)
            users.add(to)
            for privilege in privileges:
                right = Right(grant.grantable, source)
                add(result, None if to == "public" else to, (privilege,), right)
    used = READS_EVERYTHING.union(user for user in users if user is not None)
    inheriting = member_of.inheriting(scope, used)
    implied = scope.spec.database.connect == "implied"
    for role in scope.logins if implied else ():
        if role in inheriting:
            add(result, role, ("CONNECT",), Right(False, _SOURCE))
    if scope.only:
        return {key: right for key, right in result.items() if scope.has_role(key[0])}
    return result


def _attributes(scope: Scope, name: sql.Name, have: Fact) -> Iterator[Change]:
    want = scope.spec.database
    if want.owner is not None and want.owner != have.owner:
        yield Change(
            kind=NAME,
            address=f"database.{want.name}.owner",
            name=want.name,
            action=Action.UPDATE,
            summary=f"owner of database {name}: {have.owner} -> {want.owner}",
            step=Step.ALTER_DATABASE,
            statements=(
                Statement(sql.statement("database/owner", name=name, owner=sql.Name(want.owner))),
            ),
            before={"owner": have.owner},
            after={"owner": want.owner},
            hazards=frozenset({Hazard.CHANGES_OWNER}),
            source=("database", "owner"),
            needs=frozenset({Need("use", have.owner), Need("use", want.owner), Need("createdb")}),
            effects=(Owned(_on(want.name), want.owner),),
        )
    if want.comment is not None and want.comment != (have.comment or ""):
        yield Change(
            kind=NAME,
            address=f"database.{want.name}.comment",
            name=want.name,
            action=Action.UPDATE,
            summary=f"comment of database {name}",
            step=Step.ALTER_DATABASE,
            statements=(
                Statement(
                    sql.statement("database/comment", name=name, comment=sql.Text(want.comment))
                ),
            ),
            before={"comment": have.comment},
            after={"comment": want.comment},
            source=("database", "comment"),
            needs=frozenset({Need("use", want.owner or have.owner), Need("use", have.owner)}),
        )
