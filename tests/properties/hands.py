"""What hands do to a database behind the spec's back."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.properties.names import quoted
from tests.properties.things import COLUMNS, Thing, privileges

_DEFAULTS = {"TABLES": "TABLE", "SEQUENCES": "SEQUENCE", "FUNCTIONS": "ROUTINE", "TYPES": "TYPE"}
_ATTRIBUTES = "LOGIN NOLOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS NOINHERIT INHERIT".split()


@dataclass(frozen=True)
class Cast:
    """Who and what a statement can be about."""

    database: str
    roles: tuple[str, ...]  # all that exist
    owners: tuple[str, ...]  # owners and creators
    schemas: tuple[str, ...]
    things: tuple[Thing, ...]
    version: int


@dataclass(frozen=True)
class Hand:
    """Statements, and names of which a plan that mends them has to say one."""

    statements: tuple[str, ...]
    about: tuple[str, ...]


def hands(cast: Cast) -> st.SearchStrategy[Hand]:
    ways = [_membership(cast), _default(cast), _attribute(cast), _above(cast), _setting(cast)]
    if cast.things:
        ways += [_grant(cast), _grant(cast), _strip(cast), _owner(cast), _chain(cast)]
        if any(thing.has_columns for thing in cast.things):
            ways.append(_column(cast))
    return st.one_of(ways)


def _grantee(cast: Cast) -> st.SearchStrategy[str]:
    return st.sampled_from(["PUBLIC", *map(quoted, cast.roles)])


def _option(grantee: str) -> st.SearchStrategy[str]:
    if grantee == "PUBLIC":
        return st.just("")
    return st.sampled_from(["", "", " WITH GRANT OPTION"])


@st.composite
def _grant(draw: st.DrawFn, cast: Cast) -> Hand:
    thing = draw(st.sampled_from(cast.things))
    privilege = draw(st.sampled_from(privileges(thing.securable)))
    grantee = draw(_grantee(cast))
    if draw(st.booleans()):
        text = f"GRANT {privilege} ON {thing.shown} TO {grantee}{draw(_option(grantee))}"
    else:
        text = f"REVOKE {privilege} ON {thing.shown} FROM {grantee} CASCADE"
    return Hand((text,), (thing.name,))


@st.composite
def _strip(draw: st.DrawFn, cast: Cast) -> Hand:
    thing = draw(st.sampled_from(cast.things))
    privilege = draw(st.sampled_from(privileges(thing.securable)))
    owner = draw(st.sampled_from(cast.owners))
    return Hand(
        (f"REVOKE {privilege} ON {thing.shown} FROM {quoted(owner)} CASCADE",), (thing.name,)
    )


@st.composite
def _column(draw: st.DrawFn, cast: Cast) -> Hand:
    thing = draw(st.sampled_from([t for t in cast.things if t.has_columns]))
    grantee, column = draw(_grantee(cast)), quoted(draw(st.sampled_from(COLUMNS)))
    privilege = draw(st.sampled_from(["SELECT", "INSERT", "UPDATE", "REFERENCES", "ALL"]))
    if draw(st.booleans()):
        text = f"GRANT {privilege} ({column}) ON {thing.shown} TO {grantee}{draw(_option(grantee))}"
    else:
        text = f"REVOKE {privilege} ({column}) ON {thing.shown} FROM {grantee} CASCADE"
    return Hand((text,), (thing.name,))


@st.composite
def _chain(draw: st.DrawFn, cast: Cast) -> Hand:
    """Granted by someone who has the grant option, two links long."""
    thing = draw(st.sampled_from(cast.things))
    privilege = draw(st.sampled_from(privileges(thing.securable)))
    first, second = (draw(st.sampled_from(cast.roles)) for _ in range(2))
    last = draw(_grantee(cast))
    schema = quoted(thing.schema)
    statements = (
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted(first)}, {quoted(second)}",
        f"GRANT {privilege} ON {thing.shown} TO {quoted(first)} WITH GRANT OPTION",
        f"SET ROLE {quoted(first)}",
        f"GRANT {privilege} ON {thing.shown} TO {quoted(second)} WITH GRANT OPTION",
        "RESET ROLE",
        f"SET ROLE {quoted(second)}",
        f"GRANT {privilege} ON {thing.shown} TO {last}",
        "RESET ROLE",
    )
    return Hand(statements, (thing.name, thing.schema))


@st.composite
def _owner(draw: st.DrawFn, cast: Cast) -> Hand:
    thing, role = draw(st.sampled_from(cast.things)), draw(st.sampled_from(cast.roles))
    return Hand((f"ALTER {thing.shown} OWNER TO {quoted(role)}",), (thing.name,))


@st.composite
def _above(draw: st.DrawFn, cast: Cast) -> Hand:
    """On the database, on a service's schema or on the schema public."""
    what = draw(st.sampled_from(["DATABASE", "SCHEMA"]))
    name = cast.database
    if what == "SCHEMA":
        name = draw(st.sampled_from([*cast.schemas, "public"]))
    privilege, grantee = draw(st.sampled_from(privileges(what))), draw(_grantee(cast))
    shown = f"{what} {quoted(name)}"
    way = draw(st.sampled_from(["grant", "revoke", "owner"]))
    if way == "grant":
        text = f"GRANT {privilege} ON {shown} TO {grantee}{draw(_option(grantee))}"
    elif way == "revoke":
        text = f"REVOKE {privilege} ON {shown} FROM {grantee} CASCADE"
    else:
        name_of_role = draw(st.sampled_from(cast.roles))
        if what == "SCHEMA" and name != "public":
            text = f"ALTER {shown} OWNER TO {quoted(name_of_role)}"
        else:
            text = f"GRANT {privilege} ON {shown} TO {quoted(name_of_role)}"
    return Hand((text,), (name,))


@st.composite
def _default(draw: st.DrawFn, cast: Cast) -> Hand:
    role = draw(st.sampled_from([*cast.owners, *cast.owners, *cast.roles]))
    schema = draw(st.sampled_from(["", *cast.schemas]))
    kind = draw(st.sampled_from(list(_DEFAULTS)))
    privilege = draw(st.sampled_from(privileges(_DEFAULTS[kind])))
    grantee = draw(st.one_of(_grantee(cast), st.just(quoted(role))))
    where = f" IN SCHEMA {quoted(schema)}" if schema else ""
    text = f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(role)}{where} "
    if draw(st.booleans()):
        text += f"GRANT {privilege} ON {kind} TO {grantee}{draw(_option(grantee))}"
    else:
        text += f"REVOKE {privilege} ON {kind} FROM {grantee}"
    return Hand((text,), (role,))


@st.composite
def _membership(draw: st.DrawFn, cast: Cast) -> Hand:
    group, member = (draw(st.sampled_from(cast.roles)) for _ in range(2))
    if draw(st.sampled_from([False, False, True])):
        text = f"REVOKE {quoted(group)} FROM {quoted(member)} CASCADE"
        return Hand((text,), (group, member))
    options = ["", "", " WITH ADMIN OPTION"]
    if cast.version >= 160000:
        options += [" WITH INHERIT FALSE", " WITH SET FALSE", " WITH INHERIT TRUE, ADMIN TRUE"]
    text = f"GRANT {quoted(group)} TO {quoted(member)}{draw(st.sampled_from(options))}"
    if draw(st.sampled_from([False, False, True])):  # by a third role that may
        third = draw(st.sampled_from(cast.roles))
        return Hand(
            (f"GRANT {quoted(group)} TO {quoted(third)} WITH ADMIN OPTION",
             f"{text} GRANTED BY {quoted(third)}"),
            (group, member, third),
        )  # fmt: skip
    return Hand((text,), (group, member))


@st.composite
def _attribute(draw: st.DrawFn, cast: Cast) -> Hand:
    role, attribute = draw(st.sampled_from(cast.roles)), draw(st.sampled_from(_ATTRIBUTES))
    return Hand((f"ALTER ROLE {quoted(role)} {attribute}",), (role,))


@st.composite
def _setting(draw: st.DrawFn, cast: Cast) -> Hand:
    role = quoted(draw(st.sampled_from(cast.roles)))
    value = draw(st.sampled_from(["search_path = 'x', public", "role = none", "work_mem = '8MB'"]))
    where = f" IN DATABASE {quoted(cast.database)}"
    if draw(st.booleans()):
        return Hand((f"ALTER ROLE {role}{where} RESET ALL",), (role.strip('"').replace('""', '"'),))
    return Hand((f"ALTER ROLE {role}{where} SET {value}",), (role.strip('"').replace('""', '"'),))
