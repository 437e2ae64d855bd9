"""What effective access is computed from: roles, and objects grouped by owner and ACL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.access.roles import Edge, Roles
from chiro_db.model.acl import Entry, parse
from chiro_db.model.privilege import Securable

if TYPE_CHECKING:
    from chiro_db.model.state import State

Object = tuple[str, str | None]  # a name and, of a routine, its argument types
DATABASE = ""  # where a group has no schema


@dataclass(frozen=True, slots=True)
class Group:
    """Objects of one schema and type that have one owner and one ACL."""

    type: Securable
    schema: str
    owner: str
    entries: frozenset[Entry]
    objects: tuple[Object, ...]
    relation: str = ""  # of columns: their table
    future: bool = False  # what `owner` makes later gets these entries by default; no objects

    def shown(self, item: Object) -> str:
        """The object as PostgreSQL writes it."""
        name, arguments = item
        if self.type in ("database", "schema"):
            return str(sql.Name(name))
        if self.type == "column":
            return f"{sql.Name(self.schema, self.relation)}({sql.Name(name)})"
        if arguments is not None:
            return str(sql.Routine(self.schema, name, arguments))
        return str(sql.Name(self.schema, name))


@dataclass(frozen=True)
class World:
    """Everything managed on one server at one moment."""

    version: int
    database: str
    roles: Roles
    groups: tuple[Group, ...]

    @cached_property
    def by_schema(self) -> Mapping[str, tuple[Group, ...]]:
        found: dict[str, list[Group]] = {}
        for group in self.groups:
            found.setdefault(group.schema, []).append(group)
        return {schema: tuple(groups) for schema, groups in found.items()}

    def usable(self, role: str | None, schema: str) -> bool:
        """Whether the role has USAGE on the schema, without which nothing in it is reached."""
        from chiro_db.access.effective import held

        groups = self.by_schema.get(schema, ())
        return any(g.type == "schema" and "USAGE" in held(self, role, g) for g in groups)


def world(state: State) -> World:
    """The facts of the kinds that have an ACL, and the roles that were read."""
    database = next(iter(state.facts.get("database", ())), None)
    version = state.server.version
    edges = [
        Edge(row.role, row.member, row.inherit, row.set, row.grantor, row.admin)
        for row in state.facts["membership"]
    ]
    accounts = {fact.name: fact for fact in state.facts["role"]}
    owner = database.owner if database is not None else None
    name = database.name if database is not None else state.server.database
    return World(
        version, name, Roles(accounts, edges, owner, version), tuple(joined(_groups(state)))
    )


def _groups(state: State) -> Iterator[Group]:
    for row in state.facts.get("database", ()):
        yield Group("database", DATABASE, row.owner, parse(row.acl), ((row.name, None),))
    for row in state.facts.get("schema", ()):
        yield Group("schema", row.name, row.owner, parse(row.acl), ((row.name, None),))
    for row in state.facts.get("object", ()):
        yield Group(row.type, row.schema, row.owner, parse(row.acl), tuple(row.objects))
    for row in state.facts.get("column", ()):
        if row.acl:
            columns = tuple((name, None) for name in row.names)
            yield Group("column", row.schema, row.owner, parse(row.acl), columns, row.relation)
    for row in state.facts.get("default_privilege", ()):
        if row.schema is not None:
            entries = parse(row.acl)
            yield Group(row.type, row.schema, row.role, entries, (), future=True)


def joined(groups: Iterable[Group]) -> Iterator[Group]:
    """Groups that differ in their objects alone become one."""
    found: dict[tuple[object, ...], list[Group]] = {}
    for group in groups:
        key = (group.type, group.schema, group.owner, group.entries, group.relation, group.future)
        found.setdefault(key, []).append(group)
    for alike in found.values():
        first = alike[0]
        objects = tuple(sorted({item for group in alike for item in group.objects}, key=_order))
        yield replace(first, objects=objects)


def _order(item: Object) -> tuple[str, str]:
    return item[0], item[1] or ""
