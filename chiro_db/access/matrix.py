"""Roles by services: how far each one reaches, and by what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from chiro_db.access.effective import Held, Reason, all_of, everywhere, holders, unlimited
from chiro_db.access.roles import Path
from chiro_db.access.world import Group, World
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import PRIVILEGES, Securable

_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "TRUNCATE"})
_ORDER = {p: i for i, p in enumerate(dict.fromkeys(p for ps in PRIVILEGES.values() for p in ps))}


class Level(IntEnum):
    """What a role may do in a schema, as far as it goes for the most tables."""

    NONE = 0
    OTHER = 1  # neither reads nor changes a table
    READ = 2
    WRITE = 3
    OWNER = 4
    SUPERUSER = 5

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Share:
    """What a role may do with some objects, all of them by the same reasons."""

    type: Securable
    privileges: tuple[str, ...]
    reasons: tuple[Reason, ...]
    groups: tuple[Group, ...]

    @property
    def future(self) -> bool:
        return self.groups[0].future

    @property
    def number(self) -> int:
        return sum(len(group.objects) for group in self.groups)

    def objects(self) -> Iterator[str]:
        for group in self.groups:
            yield from (group.shown(item) for item in group.objects)


@dataclass(frozen=True, slots=True)
class Cell:
    """One role in one service."""

    level: Level
    tables: int = 0  # that it may read or, at `write`, change
    of: int = 0  # all tables of the schema
    writes: int = 0  # at `read`: tables that it may change besides
    usable: bool = True  # False: it lacks USAGE on the schema, so that nothing is reached
    shares: tuple[Share, ...] = ()
    becomes: Path = ()  # by SET ROLE, to a role that may do more
    becomes_level: Level = Level.NONE

    @property
    def partial(self) -> bool:
        return self.level in (Level.READ, Level.WRITE) and self.tables < self.of


_BY_STANDING = {"pg_read_all_data": Level.READ, "pg_write_all_data": Level.WRITE}
NOTHING = Cell(Level.NONE)


@dataclass(frozen=True, slots=True)
class Row:
    """A role as the matrix shows it."""

    role: Grantee
    login: bool
    declared: bool  # the spec names it
    service: str | None  # whose line declares it
    connects: bool  # CONNECT on the database
    cells: Mapping[str, Cell]  # by service; those with something alone


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows in the order of the services that declare them, strangers last."""

    database: str
    services: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix(world: World, schemas: Mapping[str, str], declared: Mapping[str, str | None]) -> Matrix:
    """`schemas` by service; `declared`: the roles of the spec, each with the service it is of."""
    cells: dict[Grantee, dict[str, Cell]] = {}
    everyone = unlimited(world.roles)
    for service, schema in schemas.items():
        for role, cell in _cells(world, world.by_schema.get(schema, ()), everyone):
            cells.setdefault(role, {})[service] = cell
    _by_set_role(world, cells)
    connect = _connecting(world)
    order = {service: i for i, service in enumerate(schemas)}
    known = world.roles.names
    rows = [
        Row(
            role,
            role is not None and world.roles.logs_in(role),
            role is None or role in declared,
            declared.get(role) if role is not None else None,
            role in connect or None in connect,
            cells.get(role, {}),
        )
        for role in {*cells, *(name for name in declared if name in known)}
    ]
    rows.sort(key=lambda row: _place(row, order, world.roles.superusers, declared))
    return Matrix(world.database, tuple(schemas), tuple(rows))


def _place(
    row: Row,
    order: Mapping[str, int],
    superusers: Collection[str],
    declared: Mapping[str, str | None],
) -> tuple[int, int, int, str]:
    """PUBLIC, the services' own roles, others of the spec, strangers, superusers."""
    if row.role is None:
        return 0, 0, 0, ""
    if row.service is not None:
        within = list(declared).index(row.role)
        return 1, order.get(row.service, len(order)), within, row.role
    if row.role in superusers:
        return 4, 0, 0, row.role
    return (2 if row.declared else 3), 0, 0, row.role


def _cells(
    world: World, groups: Sequence[Group], everyone: Collection[str]
) -> Iterator[tuple[Grantee, Cell]]:
    found = [(group, holders(world, group)) for group in groups]
    total = sum(len(group.objects) for group in groups if group.type == "table")
    owner = next((group.owner for group in groups if group.type == "schema"), None)
    roles: set[Grantee] = {role for _, held in found for role in held} | set(everyone)
    for role in roles:
        if owner is not None and role in world.roles.superusers:
            yield role, Cell(Level.SUPERUSER, total, total)
            continue
        each = [(group, all_of(world, role, group, held)) for group, held in found]
        level, reached, writes = _level(each)
        if not total and level and role is not None:  # no table that could tell
            level = max(
                [level, *(_BY_STANDING.get(r, level) for r in everywhere(world.roles, role))]
            )
        if role is not None and owner is not None and owner in world.roles.above(role):
            level, reached, writes = Level.OWNER, total, 0
        if level:
            usable = any(group.type == "schema" and "USAGE" in held for group, held in each)
            yield role, Cell(level, reached, total, writes, usable, tuple(shares(each)))


def _level(each: Sequence[tuple[Group, Held]]) -> tuple[Level, int, int]:
    """By what is held on tables, or on future ones where there are none yet.

    Many tables that are read are not hidden by one that is changed.
    """
    now = [(group, held) for group, held in each if not group.future]
    tables = [(group, held) for group, held in now if group.type in ("table", "column")]
    if not any(group.type == "table" for group, _ in tables):
        tables = [(group, held) for group, held in each if group.future and group.type == "table"]
    written, read = (
        {
            group.relation or item[0]
            for group, held in tables
            if not asked.isdisjoint(held)
            for item in [*group.objects, *([("", None)] if group.future else [])]
        }
        for asked in (_WRITES, frozenset({"SELECT"}))
    )
    if written and len(written) >= len(read):
        return Level.WRITE, len(written - {""}), 0
    if read:
        return Level.READ, len(read - {""}), len(written)
    # PostgreSQL's own USAGE for PUBLIC on types lets nobody reach anything
    more = any(
        group.type != "type" or any(r.how != "public" for rs in held.values() for r in rs)
        for group, held in each
        if held
    )
    return (Level.OTHER if more else Level.NONE), 0, 0


def shares(each: Iterable[tuple[Group, Held]]) -> Iterator[Share]:
    """Objects of one type with the same privileges by the same reasons are told together."""
    found: dict[tuple[object, ...], tuple[Share, list[Group]]] = {}
    for group, held in each:
        by_reasons: dict[tuple[Reason, ...], list[str]] = {}
        for privilege, reasons in held.items():
            by_reasons.setdefault(reasons, []).append(privilege)
        for reasons, listed in by_reasons.items():
            privileges = tuple(sorted(listed, key=_ORDER.__getitem__))
            key = (group.type, group.future, privileges, reasons)
            share = Share(group.type, privileges, reasons, ())
            found.setdefault(key, (share, []))[1].append(group)
    for share, groups in found.values():
        yield replace(share, groups=tuple(groups))


def _by_set_role(world: World, cells: dict[Grantee, dict[str, Cell]]) -> None:
    """What a role can become although it does not inherit."""
    for role in world.roles.names - world.roles.superusers:
        settable = world.roles.settable(role)
        inherited = world.roles.above(role)
        for other, path in settable.items():
            if other in inherited:
                continue
            superuser = other in world.roles.superusers
            for service, cell in cells.get(other, {}).items():
                mine = cells.setdefault(role, {}).get(service, NOTHING)
                level = Level.SUPERUSER if superuser else cell.level
                if level > max(mine.level, mine.becomes_level):
                    raised = replace(mine, becomes=path, becomes_level=level)
                    cells[role][service] = raised
        if role in cells and not cells[role]:
            del cells[role]


def _connecting(world: World) -> set[Grantee]:
    found: set[Grantee] = set(world.roles.superusers)
    for group in world.groups:
        if group.type == "database":
            found |= {role for role, held in holders(world, group).items() if "CONNECT" in held}
    return found
