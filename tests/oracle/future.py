"""What default privileges make of new objects: they are created, asked about, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
from psycopg import sql

from tests.oracle.compare import things
from tests.oracle.declared import Declaration, Spec, listed
from tests.oracle.world import Connection, look

MARK = "new for the oracle "
_MADE = """
CREATE TABLE {table} (id serial, other int GENERATED ALWAYS AS IDENTITY);
CREATE VIEW {view} AS SELECT 1 AS one;
CREATE SEQUENCE {sequence};
CREATE FUNCTION {function}() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE {procedure}() LANGUAGE sql AS '';
CREATE TYPE {enum} AS ENUM ('a');
CREATE TYPE {composite} AS (a int);
CREATE DOMAIN {domain} AS int;
"""
_WORDS = "table view sequence function procedure enum composite domain".split()


def future(connection: Connection, declared: Declaration, asked: list[str]) -> Iterator[str]:
    """Every owner and creator makes one object of each kind, in a transaction that is undone."""
    with connection.transaction(force_rollback=True):
        for service in declared.services:
            for maker in dict.fromkeys((service["owner"], *listed(service.get("creators")))):
                yield from _make(connection, service, maker)
        schemas = [service["schema"] for service in declared.services]
        world = look(connection, schemas, declared.world.connected)
        after = replace(declared, world=world)
        new = [t for t in world.things if MARK in t.name and t.cls not in ("database", "schema")]
        yield from things(connection, after, new, asked, future=True)


def _make(connection: Connection, service: Spec, maker: str) -> Iterator[str]:
    names = {w: sql.Identifier(service["schema"], _short(w, maker)) for w in _WORDS}
    try:
        with connection.transaction():
            role = sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(maker))
            connection.execute(role)
            connection.execute(sql.SQL(_MADE).format(**names))
            connection.execute("RESET ROLE")
    except psycopg.Error as error:
        yield f"{maker!r} cannot make objects in {service['schema']!r}: {error}"


def _short(word: str, maker: str) -> str:
    """Unique by the maker, within 63 bytes and without a wildcard or a parenthesis."""
    return f"{MARK}{word} {maker.encode().hex()[-24:]}"
