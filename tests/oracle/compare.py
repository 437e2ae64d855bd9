"""The declaration and the server side by side; every difference is a line, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.oracle.declared import Declaration, Expected
from tests.oracle.world import PRIVILEGES, PUBLIC, Connection, Entry, Thing

_EVERYWHERE = {"pg_read_all_data", "pg_write_all_data", "pg_maintain"}  # without any ACL entry
_FUNCTIONS = {
    "database": "has_database_privilege",
    "schema": "has_schema_privilege",
    "table": "has_table_privilege",
    "sequence": "has_sequence_privilege",
    "function": "has_function_privilege",
    "type": "has_type_privilege",
}
_OPTION = " WITH GRANT OPTION"
_Options = dict[tuple[str, str], bool]  # (grantee, privilege) -> with the grant option


def things(
    connection: Connection,
    declared: Declaration,
    some: Iterable[Thing],
    asked: list[str],
    *,
    future: bool = False,
) -> Iterator[str]:
    """Owners and ACL entries of the things, and what the asked roles may do with them."""
    truth: dict[int, tuple[Thing, _Options, dict[str, _Options]]] = {}
    for thing in some:
        expected = declared.expected(thing, future=future)
        if expected.owners and thing.owner not in expected.owners:
            yield f"{thing} belongs to {thing.owner!r}, not to {sorted(expected.owners)}"
        yield from _entries(declared, thing, expected)
        truth[thing.oid] = (thing, *effective(declared, thing, expected))
    for cls in _FUNCTIONS:
        chosen = {oid: found for oid, found in truth.items() if found[0].cls == cls}
        if chosen:
            yield from _asked(connection, declared, cls, chosen, asked)
    yield from _asked_columns(connection, declared, truth, asked)


def _options(entries: Iterable[Entry], owner: str) -> _Options:
    """The owner's grant options go without saying."""
    result: _Options = {}
    for grantee, privilege, option in entries:
        key = (grantee, privilege)
        result[key] = grantee == owner or option or result.get(key, False)
    return result


def _entries(declared: Declaration, thing: Thing, expected: Expected) -> Iterator[str]:
    actual = _options(thing.entries, thing.owner)
    required = _options(expected.required, thing.owner)
    allowed = _options(expected.required | expected.allowed, thing.owner)
    yield from _both_ways(declared, str(thing), actual, required, allowed)
    for column in thing.columns:
        given = expected.columns.get(column.name, set())
        own = {entry for entry in column.entries if entry[0] == thing.owner}
        wanted = _options(given, thing.owner)
        needed = {k: o for k, o in wanted.items() if k not in required or o > required[k]}
        place = f"column {column.name} of {thing}"
        found = _options(column.entries, thing.owner)
        yield from _both_ways(declared, place, found, needed, _options(given | own, thing.owner))


def _both_ways(
    declared: Declaration, place: str, actual: _Options, required: _Options, allowed: _Options
) -> Iterator[str]:
    for (grantee, privilege), option in sorted(required.items()):
        if (grantee, privilege) not in actual:
            yield f"missing: {privilege} on {place} for {grantee or 'PUBLIC'!r}"
        elif option > actual[grantee, privilege]:
            yield f"missing: grant option of {privilege} on {place} for {grantee!r}"
    for (grantee, privilege), option in sorted(actual.items()):
        if declared.exempt(grantee):
            continue
        if (grantee, privilege) not in allowed:
            yield f"extra: {privilege} on {place} for {grantee or 'PUBLIC'!r}"
        elif option > allowed[grantee, privilege]:
            yield f"extra: grant option of {privilege} on {place} for {grantee!r}"


def effective(
    declared: Declaration, thing: Thing, expected: Expected
) -> tuple[_Options, dict[str, _Options]]:
    """What is declared, with what is there and may be."""

    def tolerated(entry: Entry, allowed: set[Entry]) -> bool:
        return entry in allowed or declared.exempt(entry[0])

    on_thing = {e for e in thing.entries if tolerated(e, expected.allowed)}
    on_columns = {
        column.name: _options(
            expected.columns.get(column.name, set())
            | {e for e in column.entries if declared.exempt(e[0])},
            thing.owner,
        )
        for column in thing.columns
    }
    return _options(expected.required | on_thing, thing.owner), on_columns


def _asked(
    connection: Connection,
    declared: Declaration,
    cls: str,
    chosen: dict[int, tuple[Thing, _Options, dict[str, _Options]]],
    asked: list[str],
) -> Iterator[str]:
    privileges = [p + o for p in declared.world.privileges(cls) for o in ("", _OPTION)]
    rows = connection.execute(
        f"SELECT r, o, p FROM unnest(%s::text[]) r, unnest(%s::oid[]) o, unnest(%s::text[]) p"
        f" WHERE {_FUNCTIONS[cls]}(r::name, o, p)".encode(),
        [[role or "public" for role in asked], list(chosen), privileges],
    ).fetchall()
    actual = {(role, oid, p) for role, oid, p in rows}
    for role in asked:
        reached = reached_by(declared, role)
        for oid, (thing, options, _) in chosen.items():
            for privilege in privileges:
                has = (role or "public", oid, privilege) in actual
                yield from _verdict(
                    role, str(thing), privilege, has, holds(reached, options, privilege)
                )


def _asked_columns(
    connection: Connection,
    declared: Declaration,
    truth: dict[int, tuple[Thing, _Options, dict[str, _Options]]],
    asked: list[str],
) -> Iterator[str]:
    pairs = [(oid, c.number) for oid, (thing, _, _) in truth.items() for c in thing.columns]
    privileges = [p + o for p in PRIVILEGES["column"] for o in ("", _OPTION)]
    rows = connection.execute(
        b"SELECT r, o, c, p FROM unnest(%s::text[]) r, unnest(%s::oid[], %s::int2[]) oc(o, c),"
        b" unnest(%s::text[]) p WHERE has_column_privilege(r::name, o, c, p)",
        [
            [role or "public" for role in asked],
            [oid for oid, _ in pairs],
            [number for _, number in pairs],
            privileges,
        ],
    ).fetchall()
    actual = {(role, oid, number, p) for role, oid, number, p in rows}
    for role in asked:
        reached = reached_by(declared, role)
        for oid, (thing, options, columns) in truth.items():
            for column in thing.columns:
                for p in privileges:
                    has = (role or "public", oid, column.number, p) in actual
                    should = holds(reached, options, p) or holds(reached, columns[column.name], p)
                    yield from _verdict(role, f"column {column.name} of {thing}", p, has, should)


def reached_by(declared: Declaration, role: str) -> set[str]:
    return {PUBLIC} | (declared.above(role, declared.edges, "inherit") if role else set())


def holds(reached: set[str], options: _Options, privilege: str) -> bool:
    name = privilege.removesuffix(_OPTION)
    return any(
        grantee in reached and held == name and (option or name == privilege)
        for (grantee, held), option in options.items()
    )


def _verdict(role: str, place: str, privilege: str, has: bool, should: bool) -> Iterator[str]:
    if has != should:
        word = "has" if has else "lacks"
        yield f"{role or 'PUBLIC'!r} {word} {privilege} on {place}"


def asked_roles(declared: Declaration, strangers: Iterable[str]) -> list[str]:
    """PUBLIC, the managed roles and the strangers whose access ACL entries alone decide."""
    edges = declared.edges
    known = declared.world.roles
    return [PUBLIC] + [
        role
        for role in sorted({*declared.managed, *strangers})
        if role in known
        and not known[role].superuser
        and not declared.above(role, edges, "inherit") & _EVERYWHERE
    ]


def roles(connection: Connection, declared: Declaration) -> Iterator[str]:
    """Attributes, memberships with their options, and what pg_has_role makes of them."""
    world, spec = declared.world, declared.spec
    for name, body in spec.get("roles", {}).items():
        if (body or {}).get("state") == "absent" and name in world.roles:
            yield f"role {name!r} is still there"
    for name in sorted(declared.managed):
        if name not in world.roles:
            yield f"there is no role {name!r}"
            continue
        yield from _attributes(declared, name)
    if missing := declared.managed - world.roles.keys():
        yield f"missing roles: {sorted(missing)}"
        return
    wanted = declared.memberships
    found = {m for m in world.members if declared.is_managed(m)}
    yield from (f"missing membership: {m}" for m in wanted - set(world.members))
    yield from (f"extra membership: {m}" for m in found - wanted)
    yield from _reach(connection, declared)


def _attributes(declared: Declaration, name: str) -> Iterator[str]:
    actual, given = declared.world.roles[name], declared.role(name)
    free = name in declared.administrators
    for key in ("superuser", "login", "createdb", "createrole", "replication", "bypassrls"):
        if free and key not in given:
            continue
        has = getattr(actual, key) if hasattr(actual, key) else key in actual.others
        should = name in declared.logins if key == "login" else given.get(key, False)
        if has != should:
            yield f"role {name!r} {'has' if has else 'lacks'} {key}"
    if "inherit" in given and given["inherit"] != actual.inherit:
        yield f"role {name!r}: inherit is {actual.inherit}"


def _reach(connection: Connection, declared: Declaration) -> Iterator[str]:
    plain = [r for r in sorted(declared.managed) if not declared.world.roles[r].superuser]
    options = {"MEMBER": "any", "USAGE": "inherit"}
    if declared.world.version >= 160000:
        options["SET"] = "set"
    rows = connection.execute(
        b"SELECT m, g, p FROM unnest(%s::text[]) m, unnest(%s::text[]) g, unnest(%s::text[]) p"
        b" WHERE pg_has_role(m::name, g::name, p)",
        [plain, plain, list(options)],
    ).fetchall()
    actual: set[tuple[Any, ...]] = {tuple(row) for row in rows}
    edges = declared.edges
    for word, option in options.items():
        for role in plain:
            reached = declared.above(role, edges, option)
            for group in plain:
                has, should = (role, group, word) in actual, group in reached
                if has != should:
                    yield f"{role!r} {'has' if has else 'lacks'} {word} of {group!r}"
