"""Privileges on columns, which stand in pg_attribute.attacl alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from chiro_db import sql
from chiro_db.kinds import acl_changes, acl_groups, grantor, membership, retraction
from chiro_db.kinds.access import Narrow, Rights, merged
from chiro_db.kinds.acl_groups import Given, Taken
from chiro_db.kinds.narrowing import HINT, Narrowing
from chiro_db.kinds.object_difference import differences, owner_of
from chiro_db.kinds.retraction import Retracted
from chiro_db.kinds.scope import Request, Scope
from chiro_db.kinds.signature import is_glob
from chiro_db.model import acl, acl_delta
from chiro_db.model.acl import Grantee
from chiro_db.model.acl_delta import Delta
from chiro_db.model.effect import On
from chiro_db.model.plan import Change, Step

NAME = "column"
Relation = tuple[str, str]  # schema, name


@dataclass(frozen=True, slots=True)
class Fact:
    schema: str
    type: str  # table or sequence, whose columns may have an ACL too
    relation: str
    owner: str
    acl: tuple[str, ...]
    names: tuple[str, ...]


def parameters(request: Request) -> Mapping[str, Any]:
    """Besides what has an ACL: all columns of the tables that `columns:` names."""
    wanted = [
        (service.schema_name, table)
        for service in request.services.values()
        for grant in service.grants
        for table in grant.columns or ()
    ]
    return {
        "schemas": list(request.by_schema),
        "wanted_schemas": [schema for schema, _ in wanted],
        "wanted_tables": [_server_pattern(table) for _, table in wanted],
    }


def _server_pattern(glob: str) -> str:
    """A glob as PostgreSQL's regular expression for the whole name."""
    translated = {"*": ".*", "?": "."}
    if not is_glob(glob):
        return (
            "^"
            + "".join(c if c.isalnum() else f"[{c}]" if c not in "^\\" else f"\\{c}" for c in glob)
            + "$"
        )
    if "[" in glob:
        return ".*"  # brackets differ between the two; the exact match is made here
    return "^" + "".join(translated.get(c) or (c if c.isalnum() else f"\\{c}") for c in glob) + "$"


def changes(scope: Scope) -> Iterator[Change]:
    narrowings = {
        schema: Narrowing(access.narrowed["column"], "column", schema)
        for schema, access in scope.access.items()
        if "column" in access.narrowed and scope.has_service(access.service)
    }
    above = _above(scope)
    contested = grantor.on_columns(scope) | grantor.on_tables(scope)
    # whoever gets a grant option on the table by the same plan has it before its columns' turn
    contested |= {table for table, delta in above.items() if grantor.contested((), "", delta)}
    relations: dict[Relation, list[Fact]] = {}
    for fact in scope.facts(NAME):
        if scope.has_service(scope.by_schema[fact.schema]):
            relations.setdefault((fact.schema, fact.relation), []).append(fact)
    for relation, facts in relations.items():
        narrowing = narrowings.get(relation[0])
        narrows = _narrows(scope, narrowing, relation, facts)
        delta = above.get(relation)
        yield from _relation(scope, relation, facts, narrows, delta, relation in contested)
    for narrowing in narrowings.values():
        narrowing.report_unmatched(scope, "table")


def _narrows(
    scope: Scope, narrowing: Narrowing | None, relation: Relation, facts: list[Fact]
) -> list[Narrow]:
    """The grants that cover the table; a column that one names must exist."""
    if narrowing is None or facts[0].type != "table":
        return []
    found = [narrowing.narrows[i] for i in narrowing.covering((relation[1], None))]
    present = {name for fact in facts for name in fact.names}
    for narrow in found:
        source = next(iter(narrow.literals.values()), None) or narrow.patterns[0][2]
        for column in narrow.columns:
            if not is_glob(column) and column not in present:
                message = f"there is no column `{column}` in table `{'.'.join(relation)}`"
                scope.report("error", source, message, HINT)
            elif is_glob(column) and not any(re.match(translate(column), c) for c in present):
                message = f"no column of table `{'.'.join(relation)}` matches `{column}`"
                scope.report("warning", source, message)
    return found


def _covers(narrow: Narrow, column: str) -> bool:
    return any(
        re.match(translate(pattern), column) is not None if is_glob(pattern) else pattern == column
        for pattern in narrow.columns
    )


def _above(scope: Scope) -> dict[Relation, Delta]:
    """What happens to whole tables: their revokes take the column grants below along."""
    if not scope.facts(NAME):
        return {}
    return {
        (difference.schema, name): difference.delta
        for difference in differences(scope)
        if difference.type in ("table", "sequence")
        for name, _ in difference.objects
    }


def _relation(
    scope: Scope,
    relation: Relation,
    facts: list[Fact],
    narrows: list[Narrow],
    above: Delta | None,
    contested: bool,
) -> Iterator[Change]:
    takes: dict[tuple[str, Taken], list[str]] = {}
    gives: dict[tuple[str, Given], list[str]] = {}
    retracts: dict[tuple[str, Retracted], list[str]] = {}
    acts_as = membership.acts_as(scope)
    for fact in facts:
        owner = owner_of(scope, fact.schema, fact.owner)
        entries = acl.parse(fact.acl)
        if owner != fact.owner:
            entries = acl.reowned(entries, fact.owner, owner)
        if above is not None and not scope.additive:
            entries = acl_delta.below(entries, owner, above, acts_as)
        for column in fact.names:
            wanted: Rights = dict(merged(n.rights for n in narrows if _covers(n, column)))
            delta = acl_delta.settle(
                entries,
                owner,
                (),
                wanted,
                scope.spares,
                additive=scope.additive,
                complete=False,
                acts_as=acts_as,
                retracts=retraction.possible(scope),
            )
            contested |= grantor.contested((), owner, delta)
            for back in retraction.retracted(delta, "column"):
                retracts.setdefault((owner, back), []).append(column)
            report = acl_groups.reported if scope.additive else acl_groups.taken
            for item in report(delta, "column"):
                takes.setdefault((owner, item), []).append(column)
            for new in acl_groups.given(delta, "column"):
                gives.setdefault((owner, new), []).append(column)
    for (owner, back), columns in retracts.items():
        target = _target(scope, relation, facts[0].owner, columns, contested)
        yield _retract(scope, target, owner, back, columns)
    for (owner, item), columns in takes.items():
        target = _target(scope, relation, facts[0].owner, columns, contested)
        yield _revoke(target, owner, item, columns)
    for (owner, new), columns in gives.items():
        target = _target(scope, relation, facts[0].owner, columns, contested)
        yield _grant(target, owner, new, columns)


def _target(
    scope: Scope, relation: Relation, owner: str, columns: list[str], contested: bool
) -> acl_changes.Target:
    table = sql.Name(*relation)
    listed = sql.Listed(sql.Name(c) for c in columns)
    service = scope.by_schema[relation[0]]
    return acl_changes.Target(
        "column",
        table,
        f"{'.'.join(relation)}.column.{'+'.join(columns)}",
        f"table {table} ({listed})",
        ("services", service, "owner"),
        service,
        owner,
        where=On("column", relation[0], tuple((c, None) for c in columns), relation[1]),
        contested=contested,
    )


def _retract(
    scope: Scope, target: acl_changes.Target, owner: str, item: Retracted, columns: list[str]
) -> Change:
    def said(template: str, grantee: Grantee, **options: bool) -> str:
        return sql.statement(
            f"column/{template}",
            privileges=[sql.Keyword(p) for p in item.privileges],
            columns=sql.Listed(sql.Name(c) for c in columns),
            target=target.on,
            grantees=sql.grantee(grantee),
            **options,
        )

    return retraction.change(scope, target, item, owner, said, step=Step.RETRACT_COLUMN)


def _revoke(target: acl_changes.Target, owner: str, item: Taken, columns: list[str]) -> Change:
    values: dict[str, Any] = {
        "privileges": [sql.Keyword(p) for p in item.privileges],
        "columns": sql.Listed(sql.Name(c) for c in columns),
        "target": target.on,
        "grantees": sql.grantee(item.grantee),
    }
    texts = [
        sql.statement("column/revoke", option_only=item.option_only, cascade=item.cascade, **values)
    ]
    if item.lent:
        texts.insert(0, sql.statement("column/grant", grantable=True, **values))
    return acl_changes.revoke_change(
        target, item, owner=owner, step=Step.REVOKE_COLUMN, statements=texts
    )


def _grant(target: acl_changes.Target, owner: str, new: Given, columns: list[str]) -> Change:
    text = sql.statement(
        "column/grant",
        privileges=[sql.Keyword(p) for p in new.privileges],
        columns=sql.Listed(sql.Name(c) for c in columns),
        target=target.on,
        grantees=sql.Listed(sql.grantee(g) for g in new.grantees),
        grantable=new.grantable,
    )
    return acl_changes.grant_change(
        target, new, owner=owner, step=Step.GRANT_COLUMN, statement=text
    )
