"""Everything in a service's schema: whose it is, and who may do what with it.

Owner and ACL are one fact, since ALTER ... OWNER rewrites the ACL (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

from chiro_db import sql
from chiro_db.kinds import acl_changes, acl_groups, grantor, retraction
from chiro_db.kinds.acl_groups import Given, Taken
from chiro_db.kinds.narrowing import Object
from chiro_db.kinds.object_difference import WORDS, Difference, differences, owner_of
from chiro_db.kinds.retraction import Retracted
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model import acl
from chiro_db.model.acl import Grantee
from chiro_db.model.effect import On, Owned
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.privilege import Securable

NAME = "object"


@dataclass(frozen=True, slots=True)
class Fact:
    schema: str
    type: Securable
    owner: str
    acl: tuple[str, ...]
    linked: bool  # a column's sequence: its owner is its table's
    names: tuple[str, ...]
    arguments: tuple[str, ...] | None  # of routines, name by name

    @property
    def objects(self) -> list[Object]:
        if self.arguments is None:
            return [(name, None) for name in self.names]
        return list(zip(self.names, self.arguments, strict=True))


class _Whose(NamedTuple):
    """Objects that one statement may name together."""

    schema: str
    type: Securable
    owner: str
    old_owner: str
    merged: bool
    contested: bool


def parameters(request: Request) -> Mapping[str, Any]:
    return {"schemas": list(request.owners), "owners": list(request.owners.values())}


def changes(scope: Scope) -> Iterator[Change]:
    yield from _owners(scope)
    yield from _grants(scope, differences(scope))


def _owners(scope: Scope) -> Iterator[Change]:
    for fact in scope.facts(NAME):
        owner = owner_of(scope, fact.schema, fact.owner)
        service = scope.by_schema[fact.schema]
        if owner == fact.owner or fact.linked or not scope.has_service(service):
            continue
        objects = sorted(fact.objects)
        on = On(fact.type, fact.schema, tuple(objects))
        texts = [_owner(fact.schema, fact.type, item, owner) for item in objects]
        listed, following = names(fact.schema, objects), _following(scope, fact)
        shown = listing(fact.schema, fact.type, objects)
        yield Change(
            kind="ownership",
            address=f"ownership.{fact.schema}.{fact.type}.{fact.owner}",
            name=fact.schema,
            action=Action.UPDATE,
            summary=f"owner of {shown}: {fact.owner} -> {owner}",
            step=Step.OBJECT_OWNER,
            statements=tuple(Statement(text) for text in texts),
            before={"owner": fact.owner, "objects": listed},
            after={"owner": owner},
            locks=(*listed, *names(fact.schema, following)) if fact.type != "type" else (),
            hazards=frozenset({Hazard.CHANGES_OWNER})
            | ({Hazard.TAKES_LOCK} if fact.type in ("table", "sequence") else set()),
            service=service,
            source=("services", service, "owner"),
            needs=frozenset({Need("use", fact.owner), Need("use", owner)}),
            effects=(Owned(on, owner, following),),
        )


def _following(scope: Scope, table: Fact) -> tuple[Object, ...]:
    """The sequences of the columns, which go with their tables."""
    return tuple(
        item
        for fact in scope.facts(NAME)
        if table.type == "table"
        and fact.linked
        and (fact.schema, fact.owner) == (table.schema, table.owner)
        for item in fact.objects
    )


def named(schema: str, item: Object) -> sql.Value:
    name, arguments = item
    return sql.Name(schema, name) if arguments is None else sql.Routine(schema, name, arguments)


def names(schema: str, objects: Sequence[Object]) -> list[str]:
    return [str(named(schema, item)) for item in objects]


def listing(schema: str, securable: Securable, objects: Sequence[Object]) -> str:
    """`table s.a`, `tables s.a, s.b` or `214 tables of s`."""
    word = WORDS[securable]
    if len(objects) == 1:
        return f"{word} {named(schema, objects[0])}"
    if len(objects) <= 3:
        return f"{word}s {', '.join(names(schema, objects))}"
    return f"{len(objects)} {word}s of {sql.Name(schema)}"


def _grants(scope: Scope, found: list[Difference]) -> Iterator[Change]:
    """One statement for all objects of a schema that differ alike, whatever their groups."""
    merges: dict[tuple[_Whose, str], list[Object]] = {}
    takes: dict[tuple[_Whose, Taken], list[Object]] = {}
    gives: dict[tuple[_Whose, Given], list[Object]] = {}
    retracts: dict[tuple[_Whose, Retracted], list[Object]] = {}
    granting = _grantors_on_columns(scope)
    below: dict[str, set[str]] = {}
    for schema, table in grantor.on_columns(scope):
        below.setdefault(schema, set()).add(table)
    reported = acl_groups.reported if scope.additive else acl_groups.taken
    for schema, securable, owner, old, objects, delta, contested in found:
        taken, given = reported(delta, securable), acl_groups.given(delta, securable)
        columns = below.get(schema, ()) if securable in ("table", "sequence") else ()
        for shared, part in _apart(objects, None if contested else columns):
            whose = _Whose(schema, securable, owner, old, bool(delta.merged), shared)
            for by in delta.merged:
                merges.setdefault((whose, by), []).extend(part)
            for back in retraction.retracted(delta, securable):
                retracts.setdefault((whose, back), []).extend(part)
            for item in taken:
                ended = None if item.cascade else granting.get((schema, item.grantee), ())
                for hard, some in _apart(part, ended):
                    takes.setdefault((whose, replace(item, cascade=hard)), []).extend(some)
            for new in given:
                gives.setdefault((whose, new), []).extend(part)
    target = cache(partial(_target, scope))  # of all that is granted on the same objects
    for (whose, by), some in merges.items():
        yield _merge(target(whose, tuple(sorted(some))), whose, by, sorted(some))
    for (whose, back), some in retracts.items():
        yield _retract(scope, target(whose, tuple(sorted(some))), whose.owner, back)
    for (whose, item), some in takes.items():
        yield _revoke(scope, target(whose, tuple(sorted(some))), whose.owner, item)
    for (whose, new), some in gives.items():
        yield _grant(scope, target(whose, tuple(sorted(some))), whose.owner, new)


def _apart(
    objects: Sequence[Object], chosen: Collection[str] | None
) -> Iterable[tuple[bool, Sequence[Object]]]:
    """Those with a chosen name, which None says of all, and the others."""
    if chosen is None or not chosen:
        return [(chosen is None, objects)]
    parts: dict[bool, list[Object]] = {}
    for item in objects:
        parts.setdefault(item[0] in chosen, []).append(item)
    return parts.items()


def _grantors_on_columns(scope: Scope) -> Mapping[tuple[str, Grantee], set[str]]:
    """A REVOKE on a table goes for its columns too; where it ends more it fails without CASCADE."""
    result: dict[tuple[str, Grantee], set[str]] = {}
    for fact in scope.facts("column"):
        for entry in acl.parse(fact.acl):
            if entry.grantor != fact.owner:
                result.setdefault((fact.schema, entry.grantor), set()).add(fact.relation)
    return result


def _target(scope: Scope, whose: _Whose, objects: tuple[Object, ...]) -> acl_changes.Target:
    schema, securable = whose.schema, whose.type
    address = f"{schema}.{securable}"
    if len(objects) == 1:
        name, arguments = objects[0]
        address += f".{name}" + (f"({arguments})" if arguments is not None else "")
    listed = sql.Listed(named(schema, item) for item in objects)
    return acl_changes.Target(
        securable,
        listed,
        address,
        listing(schema, securable, objects),
        ("services", scope.by_schema[schema], "owner"),
        scope.by_schema[schema],
        whose.old_owner,
        listed.texts,
        whose.merged,
        On(securable, schema, objects),
        whose.contested,
    )


def _owner(schema: str, securable: Securable, item: Object, owner: str) -> str:
    on = sql.Keyword(securable.upper())
    return sql.statement("object/owner", on=on, name=named(schema, item), owner=sql.Name(owner))


def _merge(target: acl_changes.Target, whose: _Whose, by: str, objects: list[Object]) -> Change:
    texts = [
        _owner(whose.schema, whose.type, item, role)
        for item in objects
        for role in (by, whose.owner)
    ]
    return acl_changes.merge_change(
        target, by, owner=whose.owner, step=Step.MERGE, statements=texts
    )


def _retract(scope: Scope, target: acl_changes.Target, owner: str, item: Retracted) -> Change:
    def said(template: str, grantee: Grantee, **options: bool) -> str:
        version = scope.server.version
        return sql.statement(
            f"grant/{template}",
            privileges=acl_changes.privilege_list(target.securable, item.privileges, version),
            on=sql.Keyword(target.securable.upper()),
            target=target.on,
            grantees=sql.grantee(grantee),
            **options,
        )

    return retraction.change(scope, target, item, owner, said, step=Step.RETRACT)


def _revoke(scope: Scope, target: acl_changes.Target, owner: str, item: Taken) -> Change:
    texts = acl_changes.revokes(target, item, scope.server.version)
    return acl_changes.revoke_change(target, item, owner=owner, step=Step.REVOKE, statements=texts)


def _grant(scope: Scope, target: acl_changes.Target, owner: str, new: Given) -> Change:
    securable = target.securable
    text = sql.statement(
        "grant/grant",
        privileges=acl_changes.privilege_list(securable, new.privileges, scope.server.version),
        on=sql.Keyword(securable.upper()),
        target=target.on,
        grantees=sql.Listed(sql.grantee(g) for g in new.grantees),
        grantable=new.grantable,
    )
    return acl_changes.grant_change(target, new, owner=owner, step=Step.GRANT, statement=text)
