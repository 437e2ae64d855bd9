"""The oracle's door: all differences between a spec and a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import psycopg
from psycopg import sql

from tests.oracle import compare
from tests.oracle.declared import Declaration, Spec, signatures
from tests.oracle.future import future
from tests.oracle.logins import logins
from tests.oracle.world import Connection, look
from tests.servers import Database


def differences(
    database: Database,
    spec: Spec,
    today: dt.date,
    *,
    strangers: Iterable[str] = (),
    tries: int = 0,
    connected: str | None = None,
) -> list[str]:
    """Nothing missing and nothing extra is an empty list; `tries` logins are tried for real.

    `connected` is the role that chirodb runs as; a superuser where it is not named.
    """
    with database.connect() as connection:
        declared = declaration(connection, spec, today, connected)
        found = list(compare.roles(connection, declared))
        asked = compare.asked_roles(declared, strangers)
        if not declared.managed - declared.world.roles.keys():
            found += compare.things(connection, declared, declared.things, asked)
            found += future(connection, declared, asked)
    if tries:
        found += logins(database, declared, tries)
    return found


def declaration(
    connection: Connection, spec: Spec, today: dt.date, connected: str | None = None
) -> Declaration:
    schemas = [service["schema"] for service in spec.get("services", {}).values()]
    world = look(connection, schemas, connected)
    functions = {
        (schema, text): oid
        for schema, text in signatures(spec)
        if (oid := _resolved(connection, schema, text)) is not None
    }
    return Declaration(spec, world, today, functions)


def _resolved(connection: Connection, schema: str, text: str) -> int | None:
    """The function that PostgreSQL itself finds by this name, with types of its own schema."""
    name, _, arguments = text.partition("(")
    path = sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema))
    with connection.transaction():
        connection.execute(path)
        full = sql.Identifier(schema, name.strip()).as_string(connection) + "(" + arguments
        try:
            with connection.transaction():
                row = connection.execute("SELECT %s::regprocedure::oid", [full]).fetchone()
        except psycopg.Error:
            return None
    return int(row[0]) if row else None
