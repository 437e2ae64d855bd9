"""What is on the server, as few questions to its catalog tell."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]
PUBLIC = ""  # no role can have this name
Entry = tuple[str, str, bool]  # grantee, privilege, with the grant option
PRIVILEGES: dict[str, tuple[str, ...]] = {
    "database": ("CREATE", "TEMPORARY", "CONNECT"),
    "schema": ("USAGE", "CREATE"),
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"),
    "sequence": ("SELECT", "USAGE", "UPDATE"),
    "function": ("EXECUTE",),
    "type": ("USAGE",),
    "column": ("SELECT", "INSERT", "UPDATE", "REFERENCES"),
}

_MEMBER = """EXISTS (SELECT FROM pg_catalog.pg_depend
    WHERE classid = '{0}'::regclass AND objid = o.oid AND deptype = 'e')"""
_ENTRIES = """(SELECT coalesce(array_agg(ARRAY[
        coalesce(pg_catalog.pg_get_userbyid(nullif(a.grantee, 0)), ''), a.privilege_type,
        a.is_grantable::text]), '{{}}')
    FROM pg_catalog.aclexplode(coalesce({0}, pg_catalog.acldefault({1}, {2}))) a)"""


def _select(cls: str, schema: str, name: str, catalog: str, prefix: str, default: str) -> str:
    owner = {"datname": "datdba"}.get(name, f"{prefix}owner")
    kind = "relkind" if catalog == "pg_class" else "''"
    shown = "proname || '(' || pg_catalog.oidvectortypes(proargtypes) || ')'"
    return (
        f"SELECT {cls}, {schema}, {shown if catalog == 'pg_proc' else name}, o.oid,"
        f" pg_catalog.pg_get_userbyid({owner}), {_MEMBER.format('pg_catalog.' + catalog)},"
        f" {_ENTRIES.format(prefix + 'acl', default, owner)},"
        f" {kind}::text"
        f" FROM pg_catalog.{catalog} o"
    )


_IN = "JOIN pg_catalog.pg_namespace n ON n.oid = {0}namespace AND n.nspname = ANY(%(schemas)s)"
_REL = "CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END"
_REL_DEFAULT = "CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\""
OBJECTS = " UNION ALL ".join(
    (
        _select("'database'", "''", "datname", "pg_database", "dat", "'d'")
        + " WHERE datname = pg_catalog.current_database()",
        _select("'schema'", "''", "nspname", "pg_namespace", "nsp", "'n'")
        + " WHERE nspname = ANY(%(schemas)s) OR nspname = 'public'",
        _select(_REL, "nspname", "relname", "pg_class", "rel", _REL_DEFAULT)
        + f" {_IN.format('rel')} WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
        _select("'function'", "nspname", "proname", "pg_proc", "pro", "'f'")
        # The constructors of a range type are the bootstrap superuser's until one hands them over.
        + f" {_IN.format('pro')} WHERE NOT (proowner = 10 AND NOT EXISTS ("
        "SELECT FROM pg_catalog.pg_roles WHERE rolname = %(connected)s AND rolsuper)"
        " AND EXISTS (SELECT FROM pg_catalog.pg_depend"
        " WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = o.oid AND deptype = 'i'"
        " AND refclassid = 'pg_catalog.pg_type'::regclass))",
        _select("'type'", "nspname", "typname", "pg_type", "typ", "'T'")
        + f" {_IN.format('typ')} WHERE (typtype IN ('b', 'd', 'e', 'r', 'c')"
        " OR typtype = 'm' AND current_setting('server_version_num')::int < 170000)"
        " AND typcategory <> 'A' AND (typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c"
        " WHERE c.oid = typrelid AND c.relkind = 'c'))",
    )
)
COLUMNS = f"""SELECT attrelid, attname, attnum, {_ENTRIES.format("attacl", "'c'", "relowner")}
FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class o ON o.oid = attrelid {_IN.format("rel")}
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY attnum"""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    number: int
    entries: frozenset[Entry]


@dataclass(frozen=True, slots=True)
class Thing:
    """One object that can carry privileges."""

    cls: str
    schema: str
    name: str  # of a function with its argument types
    oid: int
    owner: str
    extension: bool  # belongs to an extension
    entries: frozenset[Entry]
    kind: str  # pg_class.relkind
    columns: tuple[Column, ...] = ()

    def __str__(self) -> str:
        return f"{self.cls} {self.schema + '.' if self.schema else ''}{self.name}"


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    superuser: bool
    inherit: bool
    login: bool
    others: frozenset[str]  # the attributes among createdb, createrole, replication, bypassrls


@dataclass(frozen=True, slots=True)
class Member:
    """All rows of one role in another, whoever granted them."""

    role: str
    member: str
    admin: bool
    inherit: bool
    set: bool


@dataclass(frozen=True, slots=True)
class World:
    version: int
    connected: str
    things: tuple[Thing, ...]
    roles: dict[str, Role]
    members: tuple[Member, ...]

    def privileges(self, cls: str) -> tuple[str, ...]:
        """What the server's version knows."""
        more = ("MAINTAIN",) if cls == "table" and self.version >= 170000 else ()
        return PRIVILEGES[cls] + more

    @property
    def database(self) -> Thing:
        return next(thing for thing in self.things if thing.cls == "database")


def look(connection: Connection, schemas: list[str], connected: str | None = None) -> World:
    """One moment of the server; the connection is a superuser's, chirodb was `connected`."""
    version = connection.info.server_version
    connection.execute("SET search_path = ''")
    columns: dict[int, list[Column]] = {}
    for table, name, number, entries in connection.execute(COLUMNS.encode(), {"schemas": schemas}):
        columns.setdefault(table, []).append(Column(name, number, _entries(entries)))
    things = tuple(
        Thing(c, s, name, oid, owner, ext, _entries(acl), kind, tuple(columns.get(oid, ())))
        for c, s, name, oid, owner, ext, acl, kind in connection.execute(
            OBJECTS.encode(),
            {"schemas": schemas, "connected": connected or connection.info.user},
        )
    )
    roles = {
        row[0]: Role(row[0], row[1], row[2], row[3], frozenset(filter(None, row[4:])))
        for row in connection.execute(
            "SELECT rolname, rolsuper, rolinherit, rolcanlogin,"
            " CASE WHEN rolcreatedb THEN 'createdb' END,"
            " CASE WHEN rolcreaterole THEN 'createrole' END,"
            " CASE WHEN rolreplication THEN 'replication' END,"
            " CASE WHEN rolbypassrls THEN 'bypassrls' END FROM pg_catalog.pg_roles"
        )
    }
    options = "bool_or(m.inherit_option), bool_or(m.set_option)"
    if version < 160000:
        options = "bool_or(u.rolinherit), true"
    found = connection.execute(
        f"SELECT r.rolname, u.rolname, bool_or(m.admin_option), {options}"
        " FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid"
        " JOIN pg_catalog.pg_roles u ON u.oid = m.member GROUP BY 1, 2".encode()
    )
    members = tuple(Member(*row) for row in found)
    return World(version, connected or connection.info.user, things, roles, members)


def _entries(rows: list[list[str]]) -> frozenset[Entry]:
    return frozenset((grantee, privilege, option == "true") for grantee, privilege, option in rows)
