"""What effective access is computed from: roles, and objects grouped by owner and ACL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.access.roles import Edge, Roles
from chiro_db.kinds.default_privilege import TYPES, built_in
from chiro_db.model.acl import Entry, parse
from chiro_db.model.privilege import Securable

if TYPE_CHECKING:
    from chiro_db.model.state import State

Object = tuple[str, str | None]  # a name and, of a routine, its argument types
DATABASE = ""  # where a group has no schema
Makers = Mapping[str, Sequence[str]]  # by schema: its owner and creators


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
    rows: tuple[Group, ...]  # as PostgreSQL has them; a role's default for all schemas is in none
    makers: Makers = field(default_factory=dict)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """What counts: in a schema a maker's defaults for all schemas and for it add up."""
        schemas = {row.schema for row in self.rows if row.type == "schema"}
        everywhere: dict[str, list[Group]] = {}
        found: dict[tuple[Securable, str, str], Group] = {}
        rest = []
        for row in self.rows:
            if not row.future:
                rest.append(row)
            elif row.schema == DATABASE:
                everywhere.setdefault(row.owner, []).append(row)
            else:
                found[row.type, row.schema, row.owner] = row
        for schema in schemas & self.makers.keys():
            for maker in self.makers[schema]:
                for row in everywhere.get(maker, ()) if maker in self.roles.accounts else ():
                    entries = frozenset(entry for entry in row.entries if _counts(row, entry))
                    if entries:
                        key = row.type, schema, maker
                        had = found[key].entries if key in found else frozenset()
                        found[key] = replace(row, schema=schema, entries=had | entries)
        return (*rest, *(found[key] for key in sorted(found)))

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


def world(state: State, makers: Makers) -> World:
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
    roles = Roles(accounts, edges, owner, version)
    return World(version, name, roles, tuple(joined(_rows(state, makers))), makers)


def _rows(state: State, makers: Makers) -> Iterator[Group]:
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
    implied = {(role, kind) for roles in makers.values() for role in roles for kind in TYPES}
    for row in state.facts.get("default_privilege", ()):
        if row.type in TYPES:  # not of schemas that will be made
            schema = DATABASE if row.schema is None else row.schema
            yield Group(row.type, schema, row.role, parse(row.acl), (), future=True)
            if row.schema is None:
                implied.discard((row.role, row.type))
    for role, kind in implied:
        entries = parse(built_in(role, kind, state.server.version))
        yield Group(kind, DATABASE, role, entries, (), future=True)


def _counts(row: Group, entry: Entry) -> bool:
    """Not what a maker may do with its own, nor PostgreSQL's USAGE for PUBLIC on any type."""
    return entry.grantee != row.owner and not (row.type == "type" and entry.grantee is None)


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
