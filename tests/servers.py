"""A PostgreSQL server as the tests see it, and one database of it for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow


@dataclass(frozen=True, slots=True)
class Server:
    """A cluster of one test process; `conninfo` is a superuser's, without a database."""

    conninfo: str
    version: int  # server_version_num

    def connect(self, dbname: str = "postgres", **parameters: Any) -> psycopg.Connection[TupleRow]:
        """An autocommit connection; parameters of libpq replace those of the superuser."""
        return psycopg.connect(self.conninfo_of(dbname, **parameters), autocommit=True)

    def conninfo_of(self, dbname: str, **parameters: Any) -> str:
        return make_conninfo(self.conninfo, **{"dbname": dbname, **parameters})


@dataclass(frozen=True, slots=True)
class Database:
    """A new, empty database of one test; `conninfo` is the superuser's."""

    name: str
    server: Server
    conninfo: str

    def connect(self, **parameters: Any) -> psycopg.Connection[TupleRow]:
        """An autocommit connection, as the superuser unless `user` says otherwise."""
        return self.server.connect(self.name, **parameters)


@contextmanager
def database_of(server: Server) -> Iterator[Database]:
    """Its schema public is as 15 and up make it: the database's owner's, and closed to PUBLIC.

    Afterwards no database and no role is left that was not there before.
    """
    name = f"test_{secrets.token_hex(6)}"
    with server.connect() as connection:
        roles, databases = _roles(connection), _databases(connection)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    if server.version < 150000:
        with server.connect(name) as connection:
            connection.execute("ALTER SCHEMA public OWNER TO pg_database_owner")
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try:
        yield Database(name, server, server.conninfo_of(name))
    finally:
        with server.connect() as connection:
            for new in sorted(_databases(connection) - databases):
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                connection.execute(drop.format(sql.Identifier(new)))
            _drop_roles(connection, sorted(_roles(connection) - roles))


def _drop_roles(connection: psycopg.Connection[TupleRow], names: list[str]) -> None:
    """What they own or were granted outside the databases of the test goes with them."""
    if not names:
        return
    every = sql.SQL(", ").join(map(sql.Identifier, names))
    for statement in ("REASSIGN OWNED BY {} TO CURRENT_USER", "DROP OWNED BY {}", "DROP ROLE {}"):
        connection.execute(sql.SQL(statement).format(every))


def _roles(connection: psycopg.Connection[TupleRow]) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT rolname FROM pg_roles"))


def _databases(connection: psycopg.Connection[TupleRow]) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT datname FROM pg_database"))
