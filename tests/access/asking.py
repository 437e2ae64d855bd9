"""Effective access as PostgreSQL computes it, and as chirodb does: where the two differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from chiro_db.access.difference import difference
from chiro_db.access.effective import PREDEFINED, everywhere, held, may_grant
from chiro_db.access.world import Group, World, world
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.kinds.scope import Request
from chiro_db.model.privilege import known
from chiro_db.model.spec import Spec
from chiro_db.model.state import State

OPTION = " WITH GRANT OPTION"
FUNCTIONS = {
    "database": ("has_database_privilege", "SELECT oid FROM pg_database WHERE datname = %s"),
    "schema": ("has_schema_privilege", "SELECT %s::regnamespace::oid"),
    "table": ("has_table_privilege", "SELECT %s::regclass::oid"),
    "sequence": ("has_sequence_privilege", "SELECT %s::regclass::oid"),
    "routine": ("has_function_privilege", "SELECT %s::regprocedure::oid"),
    "type": ("has_type_privilege", "SELECT %s::regtype::oid"),
}
Question = tuple[str, int, int, str]  # role, object, column, privilege
Connection = psycopg.Connection[tuple[Any, ...]]


def state_of(connection: Connection, spec: Spec) -> State:
    with snapshot(connection):
        return inspect(connection, Request(spec, everyone=True))


def disagreements(connection: Connection, found: World) -> list[str]:
    """For every role of the cluster, PUBLIC too, and every object: both ways."""
    rows = connection.execute("SELECT rolname::text FROM pg_roles").fetchall()
    roles: list[str | None] = [None, *(row[0] for row in rows)]
    result: list[str] = []
    tables: dict[tuple[str, str], Group] = {}
    for group in found.groups:
        if group.type in ("table", "sequence"):
            tables |= {(group.schema, name): group for name, _ in group.objects}
    for group in found.groups:
        table = tables[(group.schema, group.relation)] if group.type == "column" else None
        for item in group.objects:
            ours = set(_ours(found, roles, group, table))
            theirs = set(_theirs(connection, group, item, found.version))
            for role, privilege in sorted(ours ^ theirs):
                word = "no" if (role, privilege) in theirs else "too much"
                result.append(f"{word} {privilege} for {role!r} on {group.shown(item)}")
    return result


def _ours(
    found: World, roles: list[str | None], group: Group, table: Group | None
) -> Iterator[tuple[str, str]]:
    asked = known(group.type, found.version)
    for role in roles:
        name = role or "public"
        for part in (group, *([table] if table else [])):
            yield from ((name, p) for p in held(found, role, part) if p in asked)
            yield from ((name, p + OPTION) for p in may_grant(found, role, part) if p in asked)


def _theirs(
    connection: Connection, group: Group, item: tuple[str, str | None], version: int
) -> Iterator[tuple[str, str]]:
    privileges = [p + o for p in known(group.type, version) for o in ("", OPTION)]
    if group.type == "column":
        query = "has_column_privilege(r, %s::regclass::oid, %s, p)"
        on = connection.execute(
            "SELECT format('%%I.%%I', %s::text, %s::text)", [group.schema, group.relation]
        ).fetchone()
        values = [on and on[0], item[0]]
    else:
        function, find = FUNCTIONS[group.type]
        name = item[0] if group.type == "database" else group.shown(item)
        name = name.replace("(IN ", "(") if group.type == "routine" else name  # no regprocedure
        row = connection.execute(find.encode(), [name]).fetchone()
        query, values = f"{function}(r, %s::oid, p)", [row and row[0]]
    everyone = "SELECT rolname::text AS r FROM pg_roles UNION ALL SELECT 'public'"
    yield from connection.execute(
        f"SELECT r, p FROM ({everyone}) x, unnest(%s::text[]) AS p WHERE {query}".encode(),
        [privileges, *values],
    ).fetchall()


def check(connection: Connection, spec: Spec) -> World:
    """What is computed for this moment, which is nothing else than what the server says."""
    found = world(state_of(connection, spec), Request(spec).makers)
    assert disagreements(connection, found) == []
    return found


def foretold(planned: World, found: World) -> list[str]:
    """Where the world as the plan foretold it differs from the one that was found: both ways."""
    result: list[str] = []
    mine, theirs = _by_object(planned), _by_object(found)
    for key in sorted(mine.keys() | theirs.keys(), key=str):
        if mine.get(key) != theirs.get(key):
            result.append(f"{key}: foretold {mine.get(key)}, found {theirs.get(key)}")
    for role in sorted(planned.roles.names | found.roles.names):
        for ways in ("above", "settable"):
            told = set(getattr(planned.roles, ways)(role))
            real = set(getattr(found.roles, ways)(role))
            if told != real:
                result.append(f"{role} {ways}: foretold {sorted(told)}, found {sorted(real)}")
    if planned.roles.superusers != found.roles.superusers:
        result.append(f"superusers: {planned.roles.superusers}, {found.roles.superusers}")
    for name, account in found.roles.accounts.items():
        if name in planned.roles.accounts and planned.roles.logs_in(name) != account.login:
            result.append(f"{name}: login is {account.login}")
    return result


def _by_object(world: World) -> dict[tuple[object, ...], tuple[object, ...]]:
    return {
        (group.type, group.schema, group.relation, item, group.owner if group.future else ""): (
            group.owner,
            group.entries,
        )
        for group in world.groups
        for item in (group.objects or [("", None)])
        if group.entries or (group.type != "column" and not group.future)
    }


def untold(before: World, after: World) -> list[str]:
    """Where what is said to change is not what each role may do before and after: both ways."""
    said: dict[tuple[object, ...], set[str]] = {}
    for turn in difference(before, after).turns:
        for item in turn.objects:
            key = (turn.role, turn.gained, turn.schema, turn.type, turn.relation, item)
            said.setdefault(key, set()).update(turn.privileges)
    result = []
    old, new = _things(before), _things(after)
    powers = before.roles.superusers | after.roles.superusers
    roles = (before.roles.names & after.roles.names) | (after.roles.names - before.roles.names)
    for place in old.keys() | new.keys():
        for role in [None, *sorted(roles - powers)]:
            was = set(held(before, role, old[place])) if place in old else set[str]()
            now = set(held(after, role, new[place])) if place in new else set[str]()
            for gained, real in ((True, now - was), (False, was - now)):
                mine = said.get((role, gained, *place), set())
                everyone = said.get((None, gained, *place), set())
                standing = set() if role is None else _standing(before, after, role, place[1])
                if not (real - everyone - standing <= mine <= real):
                    word = "gains" if gained else "loses"
                    result.append(f"{role} {word} {real} on {place}, told are {mine}")
    return result


def _standing(before: World, after: World, role: str, kind: str) -> set[str]:
    return {
        p
        for found in (before, after)
        for name in everywhere(found.roles, role)
        for of, privileges in PREDEFINED.get(name, {}).items()
        if of == ("table" if kind == "column" else kind)
        for p in privileges
    }


def _things(world: World) -> dict[tuple[str, str, str, str], Group]:
    return {
        (g.schema, g.type, g.relation, name if args is None else f"{name}({args})"): g
        for g in world.groups
        for name, args in g.objects
    }
