"""The effects of a case, asked of PostgreSQL itself."""

from __future__ import annotations

from itertools import product
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from tests.case import ON, Effect
from tests.servers import Database

PASSWORD = "a password of the tests"
_PRIVILEGES = {
    "table": "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER".split(),
    "column": "SELECT INSERT UPDATE REFERENCES".split(),
    "schema": ["USAGE", "CREATE"],
    "sequence": ["SELECT", "USAGE", "UPDATE"],
    "function": ["EXECUTE"],
    "type": ["USAGE"],
    "database": ["CREATE", "TEMPORARY", "CONNECT"],
}
_OWNERS = {
    "table": "SELECT relowner FROM pg_class WHERE oid = %s::regclass",
    "sequence": "SELECT relowner FROM pg_class WHERE oid = %s::regclass",
    "schema": "SELECT nspowner FROM pg_namespace WHERE oid = %s::regnamespace",
    "function": "SELECT proowner FROM pg_proc WHERE oid = %s::regprocedure",
    "type": "SELECT typowner FROM pg_type WHERE oid = %s::regtype",
    "database": "SELECT datdba FROM pg_database WHERE datname = %s",
}


def wrong(database: Database, effect: Effect) -> str | None:
    """What PostgreSQL answers where it is not what the case expects."""
    if effect.login is not None:
        return _login(database, effect)
    with database.connect() as connection:
        if effect.sql is not None:
            return _differs(_value(connection, effect.sql), effect.returns)
        if effect.acl is not None:
            acl = "SELECT coalesce(array_agg(a::text ORDER BY a::text COLLATE \"C\"), '{}')"
            found = connection.execute(
                f"{acl} FROM pg_class c, unnest(c.relacl) a WHERE c.oid = %s::regclass",
                [effect.acl],
            ).fetchone()
            return _differs(found and found[0], sorted(effect.is_))
        if effect.owner_of:
            owners = {name: _owner(connection, name) for name in effect.owner_of}
            return _differs(owners, dict.fromkeys(effect.owner_of, effect.is_))
        return _privileges(connection, effect)


def _privileges(connection: psycopg.Connection[TupleRow], effect: Effect) -> str | None:
    on = next(key for key in ON if effect.names(key))
    kind = "column" if effect.column else on
    privileges = list(effect.privilege)
    if effect.exactly is not None:
        privileges = [*_PRIVILEGES[kind]]
        if kind == "table" and connection.info.server_version >= 170000:
            privileges.append("MAINTAIN")
        if unknown := set(effect.exactly) - set(privileges):
            raise ValueError(f"not privileges of a {kind}: {sorted(unknown)}")
    wrong = []
    columns = effect.column or (None,)
    for role, name, column in product(effect.role, effect.names(on), columns):
        for privilege in privileges:
            expected = privilege in effect.exactly if effect.exactly is not None else effect.is_
            if _has(connection, kind, role, name, column, privilege) is not expected:
                place = f"{name} ({column})" if column else name
                wrong.append(f"{role} {'lacks' if expected else 'has'} {privilege} on {place}")
    return "; ".join(wrong) or None


def _has(
    connection: psycopg.Connection[TupleRow],
    kind: str,
    role: str,
    name: str,
    column: str | None,
    privilege: str,
) -> bool:
    casts = {"schema": "::regnamespace", "function": "::regprocedure", "type": "::regtype"}
    argument = "%s::text" + casts.get(kind, "")
    if kind in ("table", "sequence", "column"):
        argument = "%s::text::regclass"
    if kind in casts or argument.endswith("regclass"):
        argument += "::oid"
    values = [role, name, *([column] if column else []), privilege]
    query = f"SELECT has_{kind}_privilege(%s, {argument}{', %s' if column else ''}, %s)"
    answer = connection.execute(query.encode(), values).fetchone()
    return bool(answer and answer[0])


def _owner(connection: psycopg.Connection[TupleRow], described: str) -> str:
    kind, _, name = described.partition(" ")
    query = f"SELECT pg_get_userbyid(({_OWNERS[kind]}))::text"
    answer = connection.execute(query.encode(), [name]).fetchone()
    return str(answer and answer[0])


def _value(connection: psycopg.Connection[TupleRow], query: str) -> Any:
    """A single value as itself, a single column as a list, else rows as lists."""
    rows = [list(row) for row in connection.execute(query.encode())]
    if rows and len(rows[0]) == 1:
        rows = [row[0] for row in rows]
    return rows[0] if len(rows) == 1 else rows


def _login(database: Database, effect: Effect) -> str | None:
    """A real login; it gets a password, since SET SESSION AUTHORIZATION skips CONNECT."""
    assert effect.login is not None
    assert effect.run is not None
    give_password(database, effect.login)
    try:
        with database.connect(user=effect.login, password=PASSWORD) as connection:
            connection.execute(effect.run.encode())
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        if effect.fails is False or (isinstance(effect.fails, str) and effect.fails not in said):
            return f"the server says: {said}"
        return None
    return "it works" if effect.fails else None


def give_password(database: Database, role: str) -> None:
    with database.connect() as connection:
        text = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(text.format(sql.Identifier(role), sql.Literal(PASSWORD)))


def _differs(found: Any, expected: Any) -> str | None:
    return None if found == expected else f"PostgreSQL says {found!r}"
