"""What a spec says, line by line, about every object there is: a naive reading of the contract."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from tests.oracle.world import PRIVILEGES, PUBLIC, Entry, Member, Thing, World

LEVELS: dict[str, dict[str, list[str]]] = {
    "read": {"schema": ["USAGE"], "tables": ["SELECT"], "sequences": ["SELECT"]},
    "write": {
        "schema": ["USAGE"],
        "tables": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "sequences": ["SELECT", "USAGE", "UPDATE"],
        "functions": ["EXECUTE"],
    },
}
WORDS = {
    "schema": "schema",
    "tables": "table",
    "sequences": "sequence",
    "functions": "function",
    "types": "type",
}
NARROWING = ("tables", "sequences", "functions", "types", "columns")
Spec = dict[str, Any]


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


@dataclass
class Expected:
    """What an object's ACL has to hold, and what it may hold besides."""

    owners: frozenset[str]  # one of them owns it; empty: anyone
    required: set[Entry] = field(default_factory=set)
    allowed: set[Entry] = field(default_factory=set)
    columns: dict[str, set[Entry]] = field(default_factory=dict)
    covered: bool = False  # a grant names or covers it


@dataclass
class Declaration:
    """A spec beside the server that it is about."""

    spec: Spec
    world: World
    today: dt.date
    functions: dict[tuple[str, str], int]  # (schema, as the spec writes it) -> oid

    # -- roles ---------------------------------------------------------------------------------

    @property
    def services(self) -> list[Spec]:
        return list(self.spec.get("services", {}).values())

    @property
    def managed(self) -> set[str]:
        roles = {
            n for n, r in self.spec.get("roles", {}).items() if (r or {}).get("state") != "absent"
        }
        for service in self.services:
            roles |= {service[k] for k in ("owner", "app", "reader", "migrator") if k in service}
        return roles

    def role(self, name: str) -> Spec:
        return self.spec.get("roles", {}).get(name) or {}

    @property
    def logins(self) -> set[str]:
        roles = {s[k] for s in self.services for k in ("owner", "app", "migrator") if k in s}
        return {n for n in self.managed if self.role(n).get("login", n in roles)}

    @property
    def administrators(self) -> set[str]:
        return {self.world.connected, self.world.database.owner}

    def exempt(self, role: str) -> bool:
        """Whether an extra of this role is nobody's business."""
        ignored = listed(self.spec.get("ignore", {}).get("roles"))
        known = self.world.roles.get(role)
        return (
            role in self.administrators
            or (known is not None and known.superuser)
            or any(fnmatchcase(role, glob) for glob in ignored)
        )

    @property
    def memberships(self) -> set[Member]:
        """Those that lines of the spec give."""
        new = self.world.version >= 160000
        found = {
            Member(s["owner"], s["migrator"], False, True, True)
            for s in self.services
            if "migrator" in s
        }
        if not new:
            roles = self.world.roles  # one that is not made yet will inherit
            found = {
                replace(m, inherit=m.member not in roles or roles[m.member].inherit) for m in found
            }
        for name in self.managed:
            for item in listed(self.role(name).get("member_of")):
                given: Spec = {"role": item} if isinstance(item, str) else item
                attribute = self.world.roles[name].inherit if name in self.world.roles else True
                if new:  # as it is written, also where `enforce: additive` leaves the role's
                    attribute = bool(self.role(name).get("inherit", attribute))
                inherit = given.get("inherit", attribute) if new else attribute
                other = next(
                    (m for m in found if (m.role, m.member) == (given["role"], name)), None
                )
                made = Member(
                    given["role"],
                    name,
                    given.get("admin", False) or bool(other and other.admin),
                    inherit or bool(other and other.inherit),
                    (given.get("set", True) if new else True) or bool(other and other.set),
                )
                found = {m for m in found if m is not other} | {made}
        return found

    @property
    def edges(self) -> set[Member]:
        """All memberships that may exist: declared ones, and actual ones that are unmanaged."""
        left = {m for m in self.world.members if not self.is_managed(m)}
        owner = self.world.database.owner
        inherit = self.world.version >= 160000 or self.world.roles[owner].inherit
        return self.memberships | left | {Member("pg_database_owner", owner, False, inherit, False)}

    def is_managed(self, m: Member) -> bool:
        if m.member in self.administrators and "member_of" not in self.role(m.member):
            return False
        if self.exempt(m.member) and m.member not in self.managed:
            return False
        return m.role in self.managed or (m.member in self.managed and m.role.startswith("pg_"))

    def above(self, role: str, edges: set[Member], option: str) -> set[str]:
        """The role and every role that it reaches by memberships with this option."""
        found, todo = {role}, [role]
        while todo:
            member = todo.pop()
            for edge in edges:
                ways = edge.member == member and (option == "any" or getattr(edge, option))
                if ways and edge.role not in found:
                    found.add(edge.role)
                    todo.append(edge.role)
        return found

    # -- access --------------------------------------------------------------------------------

    def active(self, line: Spec) -> bool:
        until = line.get("until")
        if isinstance(until, str):
            until = dt.date.fromisoformat(until)
        return until is None or self.today < until

    def given(self, line: Spec, word: str) -> list[str]:
        """The privileges that a line names for a kind of object, in so far as it has them."""
        cls = "column" if word == "columns" else WORDS[word]
        if "level" in line:
            levels = {**LEVELS, **self.spec.get("levels", {})}
            part = listed(levels[line["level"]].get("tables" if word == "columns" else word))
        else:
            part = listed(line["privileges"])
        known = PRIVILEGES["column"] if word == "columns" else self.world.privileges(cls)
        if "ALL" in part:
            return list(known)
        return [p for p in part if p in known]

    def expected(self, thing: Thing, *, future: bool = False) -> Expected:
        """`future`: what default privileges have to make of a new object."""
        if thing.cls == "database":
            return self._database(thing)
        schema = thing.name if thing.cls == "schema" else thing.schema
        service = next((s for s in self.services if s["schema"] == schema), None)
        if service is None:  # the schema public
            result = Expected(frozenset())
        else:
            makers = {service["owner"]}
            if thing.cls != "schema":
                makers |= set(listed(service.get("creators")))
            result = Expected(frozenset(makers))
        self._owner(result, thing)
        if thing.cls == "schema" and thing.name == "public":
            result.allowed.add((PUBLIC, "USAGE", False))
        if service is not None:
            if thing.cls == "schema":
                for creator in listed(service.get("creators")):
                    result.required |= {(creator, "USAGE", False), (creator, "CREATE", False)}
            for line in self._lines(service):
                self._line(result, thing, schema, line, future)
        if thing.cls == "type" and not result.covered:
            result.allowed.add((PUBLIC, "USAGE", False))
        return result

    def _owner(self, result: Expected, thing: Thing) -> None:
        result.required |= {(thing.owner, p, False) for p in self.world.privileges(thing.cls)}

    def _lines(self, service: Spec) -> list[Spec]:
        lines = [line for line in listed(service.get("grants")) if self.active(line)]
        if "app" in service:
            lines.append({"to": service["app"], "level": "write"})
        if "reader" in service:
            lines.append({"to": service["reader"], "level": "read"})
        return lines

    def _line(self, result: Expected, thing: Thing, schema: str, line: Spec, future: bool) -> None:
        grantees = [PUBLIC if to == "public" else to for to in listed(line["to"])]
        option = bool(line.get("grantable", False))
        narrowed = [key for key in NARROWING if key in line]
        word = next(word for word, cls in WORDS.items() if cls == thing.cls)
        if narrowed:
            if word == "schema":
                result.required |= {(to, "USAGE", False) for to in grantees}
            elif word in narrowed and not future and self._names(line[word], thing, schema):
                self._give(result, thing, grantees, self.given(line, word), option)
            if word == "tables" and "columns" in narrowed and not future:
                self._columns(result, thing, line, grantees, option)
            return
        if "on" in line and word not in listed(line["on"]):
            return
        privileges = self.given(line, word)
        cover = line.get("cover") if word != "schema" else None
        if cover == "existing" and future:
            return
        if future and "made_by" in line and thing.owner not in listed(line["made_by"]):
            return
        if cover == "future" and not future:
            for grantee in grantees:
                result.allowed |= {(grantee, p, o) for p in privileges for o in {False, option}}
            return
        self._give(result, thing, grantees, privileges, option)

    def _give(
        self, result: Expected, thing: Thing, to: list[str], privileges: list[str], option: bool
    ) -> None:
        result.covered |= bool(privileges)
        result.required |= {(grantee, p, option) for grantee in to for p in privileges}

    def _names(self, names: Any, thing: Thing, schema: str) -> bool:
        for name in listed(names):
            if thing.cls != "function":
                if matches(thing.name, name):
                    return True
            elif "(" in name:
                if self.functions.get((schema, name)) == thing.oid:
                    return True
            elif matches(thing.name.rpartition("(")[0], name):
                return True
        return False

    def _columns(
        self, result: Expected, thing: Thing, line: Spec, to: list[str], option: bool
    ) -> None:
        for table, names in line["columns"].items():
            if matches(thing.name, table):
                for column in thing.columns:
                    if any(matches(column.name, name) for name in listed(names)):
                        entries = {(g, p, option) for g in to for p in self.given(line, "columns")}
                        result.columns.setdefault(column.name, set()).update(entries)

    # -- the database --------------------------------------------------------------------------

    def _database(self, thing: Thing) -> Expected:
        owner = self.spec["database"].get("owner")
        result = Expected(frozenset({owner} if owner else ()))
        self._owner(result, thing)
        for line in self._database_lines():
            privileges = listed(line["privileges"])
            if "ALL" in privileges:
                privileges = list(PRIVILEGES["database"])
            for to in listed(line["to"]):
                grantee = PUBLIC if to == "public" else to
                option = bool(line.get("grantable", False))
                result.required |= {(grantee, p, option) for p in privileges}
        sure, maybe = self.users
        for login in self.logins:
            reached = self.above(login, self.edges, "inherit")
            if reached & sure:
                result.required.add((login, "CONNECT", False))
            elif reached & maybe or login in self.administrators:
                result.allowed.add((login, "CONNECT", False))
        return result

    def _database_lines(self) -> list[Spec]:
        lines = listed(self.spec["database"].get("grants"))
        return [line for line in lines if self.active(line)]

    @property
    def users(self) -> tuple[set[str], set[str]]:
        """Roles that may use something managed: surely, and perhaps (what is not there yet)."""
        sure = {service["owner"] for service in self.services}
        maybe: set[str] = {self.world.database.owner}
        sure |= {role for line in self._database_lines() for role in listed(line["to"])}
        for service in self.services:
            sure |= set(listed(service.get("creators")))
            for line in self._lines(service):
                maybe |= set(listed(line["to"]))
        for thing in self.things:
            if thing.cls != "database":
                expected = self.expected(thing)
                sure |= {grantee for grantee, _, _ in expected.required} & self.managed
                for entries in expected.columns.values():
                    sure |= {grantee for grantee, _, _ in entries}
        return sure - {"public", PUBLIC}, maybe - {"public"}

    @property
    def things(self) -> list[Thing]:
        return [thing for thing in self.world.things if not thing.extension]


def matches(name: str, pattern: str) -> bool:
    if any(character in pattern for character in "*?["):
        return fnmatchcase(name, pattern)
    return name == pattern


def signatures(spec: Spec) -> list[tuple[str, str]]:
    """The functions that the spec names with their arguments, to be resolved by the server."""
    return [
        (service["schema"], name)
        for service in spec.get("services", {}).values()
        for line in listed(service.get("grants"))
        for name in listed(line.get("functions"))
        if "(" in name
    ]
