"""Random specs, and starting states that they are applied to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.properties.hands import Cast, Hand, hands
from tests.properties.names import is_literal, names, quoted
from tests.properties.things import COLUMNS, KINDS, WRAPPER, Thing, privileges

OPEN = "$database"  # stands for the name of the database
# Between the two is any day on which the commands run; the exact day has its cases.
ENDED, UNENDED = dt.date(2001, 1, 1), dt.date(2999, 12, 31)
Spec = dict[str, Any]
_WORDS = ("tables", "sequences", "functions", "types")
_SECURABLE = {"tables": "TABLE", "sequences": "SEQUENCE", "functions": "ROUTINE", "types": "TYPE"}
_LEVELS: Spec = {
    "append": {"schema": ["USAGE"], "tables": ["SELECT", "INSERT"], "sequences": ["USAGE"]},
    "typed": {"types": ["USAGE"], "functions": ["EXECUTE"], "tables": ["REFERENCES"]},
    "everything": {word: ["ALL"] for word in ("schema", *_WORDS)},
}


@dataclass(frozen=True)
class Scenario:
    """A database, a spec, and a change by hand after the spec was applied."""

    spec: Spec
    start: tuple[Hand, ...]  # what the server refuses of it is left out
    change: Hand
    strangers: tuple[str, ...]
    unprepared: bool  # an administrator applies what it can before `bootstrap` cleared the way
    whole_schemas: bool  # ALL TABLES IN SCHEMA in place of names

    def named(self, database: str) -> Scenario:
        """With the database's name where it was left open."""

        def filled(hand: Hand) -> Hand:
            return Hand(
                tuple(text.replace(OPEN, database) for text in hand.statements),
                tuple(text.replace(OPEN, database) for text in hand.about),
            )

        spec = {**self.spec, "database": {**self.spec["database"], "name": database}}
        start = tuple(map(filled, self.start))
        return replace(self, spec=spec, start=start, change=filled(self.change))


@st.composite
def scenarios(draw: st.DrawFn, version: int) -> Scenario:
    database = OPEN
    count = draw(st.integers(1, 3))
    pool = draw(names(7 + 3 * count))
    strangers, extras, rest = pool[:3], pool[3:7], pool[7:]
    schemas = draw(names(count))
    services: dict[str, Spec] = {}
    for i, schema in enumerate(schemas):
        service: Spec = {"schema": schema, "owner": rest[i * 3]}
        if draw(st.booleans()):
            service["app"] = rest[i * 3 + 1]
        if draw(st.booleans()):
            service["reader" if draw(st.booleans()) else "migrator"] = rest[i * 3 + 2]
        if draw(st.sampled_from([False, False, True])):
            service["creators"] = draw(st.lists(st.sampled_from(extras), max_size=2, unique=True))
        services[f"s{i}"] = service
    if draw(st.sampled_from([False, False, True])) and count > 1:
        services["s1"]["owner"] = services["s0"]["owner"]
    things = draw(_things(schemas))
    roles = draw(_roles(extras, services, version))
    if absent := draw(st.sampled_from([False, False, False, False, True])):
        roles[strangers[2]] = {"state": "absent", "reassign_to": rest[0]}
    named = sorted({s[k] for s in services.values() for k in s if k in _ROLE_KEYS} | roles.keys())
    named = [name for name in named if name not in strangers]
    for service in services.values():
        inside = [thing for thing in things if thing.schema == service["schema"]]
        makers = [service["owner"], *service.get("creators", ())]
        grants = draw(st.lists(_grant(named, inside, makers), max_size=4))
        if grants:
            service["grants"] = grants
    spec: Spec = {"version": 1, "database": {"name": database}, "roles": roles}
    spec |= {"levels": _LEVELS, "services": services}
    draw(_database(spec["database"], named))
    if draw(st.sampled_from([False, False, False, True])):
        spec["ignore"] = {"roles": [strangers[0]]} if is_literal(strangers[0]) else {}
    if draw(st.sampled_from([False] * 5 + [True])) and not absent:
        spec["enforce"] = "additive"
    cast = _cast(database, version, [*strangers, *named], services, things)
    start = [*draw(_founding(cast, strangers, named)), *draw(st.lists(hands(cast), max_size=14))]
    change, unprepared, whole = draw(hands(cast)), draw(st.booleans()), draw(st.booleans())
    return Scenario(spec, tuple(start), change, tuple(strangers), unprepared, whole)


_ROLE_KEYS = ("owner", "app", "reader", "migrator")


def _cast(
    database: str,
    version: int,
    roles: list[str],
    services: dict[str, Spec],
    things: tuple[Thing, ...],
) -> Cast:
    owners = {s["owner"]: 1 for s in services.values()}
    owners |= {creator: 1 for s in services.values() for creator in s.get("creators", [])}
    schemas = tuple(s["schema"] for s in services.values())
    return Cast(database, tuple(roles), tuple(owners), schemas, things, version)


@st.composite
def _things(draw: st.DrawFn, schemas: list[str]) -> tuple[Thing, ...]:
    found = []
    for schema in schemas:
        kinds = draw(st.lists(st.sampled_from(KINDS), max_size=5))
        called = draw(names(len(kinds), globs=True))
        found += [Thing(kind, schema, name) for kind, name in zip(kinds, called, strict=True)]
    return tuple(found)


@st.composite
def _roles(
    draw: st.DrawFn, extras: list[str], services: dict[str, Spec], version: int
) -> dict[str, Spec]:
    """Members come before their groups, so that there is no circle; readers are the last."""
    groups = [s["reader"] for s in services.values() if "reader" in s]
    roles: dict[str, Spec] = {}
    for name in reversed(extras):
        role: Spec = {}
        if draw(st.booleans()):
            role["login"] = True
        for key in ("createdb", "inherit"):
            if draw(st.sampled_from([False, False, False, False, True])):
                role[key] = key == "createdb"
        if draw(st.booleans()) and groups:
            chosen = draw(st.lists(st.sampled_from(groups), max_size=2, unique=True))
            role["member_of"] = [draw(_membership(group, version)) for group in chosen]
        roles[name] = role
        groups.append(name)
    for service in services.values():
        for key in ("app", "owner"):
            if key in service and draw(st.sampled_from([False, False, False, True])):
                group = draw(st.sampled_from(extras))
                roles[service[key]] = {"member_of": [draw(_membership(group, version))]}
    return roles


@st.composite
def _membership(draw: st.DrawFn, group: str, version: int) -> str | Spec:
    if draw(st.booleans()):
        return group
    options: Spec = {"role": group}
    for key in ("inherit", "set", "admin") if version >= 160000 else ("admin",):
        if draw(st.sampled_from([False, False, True])):
            options[key] = draw(st.booleans())
    return options


@st.composite
def _grant(draw: st.DrawFn, named: list[str], inside: list[Thing], makers: list[str]) -> Spec:
    to = draw(st.lists(st.sampled_from([*named, "public"]), min_size=1, max_size=2, unique=True))
    line: Spec = {"to": to}
    word = draw(st.sampled_from(_WORDS))
    have = [thing for thing in inside if thing.word == word]
    way = draw(st.sampled_from(["level", "privileges", "names", "names", "columns"]))
    tables = [thing for thing in inside if thing.has_columns and is_literal(thing.name)]
    if way == "columns" and tables:
        table = draw(st.sampled_from(tables))
        chosen = draw(
            st.lists(st.sampled_from([*COLUMNS, "*"]), min_size=1, max_size=2, unique=True)
        )
        key = draw(st.sampled_from([table.name, "*"]))
        line |= {"privileges": ["SELECT", "UPDATE"], "columns": {key: chosen}}
    elif way == "names" and have:
        thing = draw(st.sampled_from(have))
        line["privileges"] = [draw(st.sampled_from(privileges(_SECURABLE[word])))]
        line[word] = [draw(st.sampled_from(_spellings(thing)))]
    elif way == "privileges":
        line["privileges"] = [draw(st.sampled_from(privileges(_SECURABLE[word])))]
        line["on"] = word
    else:
        line["level"] = draw(st.sampled_from(["read", "write", *_LEVELS]))
    if way in ("level", "privileges") and draw(st.sampled_from([False, False, True])):
        line["cover"] = draw(st.sampled_from(["existing", "future"]))
        if line["cover"] == "future" and draw(st.booleans()):
            line["made_by"] = draw(st.lists(st.sampled_from(makers), min_size=1, unique=True))
    if "public" not in to and draw(st.sampled_from([False, False, False, True])):
        line["grantable"] = True
    if draw(st.sampled_from([False, False, False, True])):
        line["until"] = draw(st.sampled_from([ENDED, UNENDED]))
    return line


def _spellings(thing: Thing) -> list[str]:
    """As a spec may name it: as it is, by a glob, a function with its arguments."""
    if not is_literal(thing.name):
        return ["*"]
    found = [thing.name, thing.name[:1].replace("[", "?") + "*", "*"]
    if thing.arguments is not None and thing.name.strip() == thing.name:
        found.append(f"{thing.name}({thing.arguments})")
    return found


@st.composite
def _database(draw: st.DrawFn, section: Spec, named: list[str]) -> None:
    if draw(st.sampled_from([False, False, False, False, True])):
        section["owner"] = draw(st.sampled_from(named))
    if draw(st.sampled_from([False, False, True])):
        to = draw(st.sampled_from([*named, "public"]))
        privilege = draw(st.sampled_from(privileges("DATABASE")))
        section["grants"] = [{"to": to, "privileges": [privilege]}]
        if to != "public" and draw(st.booleans()):
            section["grants"][0]["grantable"] = True


@st.composite
def _founding(draw: st.DrawFn, cast: Cast, strangers: list[str], named: list[str]) -> list[Hand]:
    """Roles, schemas and objects; a role or a schema that is only declared may be missing yet."""
    here = [*strangers, *(r for r in named if draw(st.sampled_from([True, True, True, False])))]
    found = [f"CREATE ROLE {quoted(role)}" for role in here]
    if any(thing.kind == "foreign" for thing in cast.things):
        found.append(WRAPPER)
    for schema in cast.schemas:
        inside = [thing for thing in cast.things if thing.schema == schema]
        if draw(st.booleans()) or inside:
            found.append(f"CREATE SCHEMA {quoted(schema)}")
            if draw(st.sampled_from([False, False, False, True])):  # where the server has it
                found.append(f"CREATE EXTENSION hstore SCHEMA {quoted(schema)}")
            found += [thing.made for thing in inside]
            if draw(st.booleans()):
                owner = draw(st.sampled_from(here))
                found.append(f"ALTER SCHEMA {quoted(schema)} OWNER TO {quoted(owner)}")
    for thing in cast.things:
        if draw(st.booleans()):
            owner = draw(st.sampled_from(here))
            found.append(f"ALTER {thing.shown} OWNER TO {quoted(owner)}")
    return [Hand((statement,), ()) for statement in found]
