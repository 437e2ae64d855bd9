"""Connections, and what went wrong with one in a user's words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chiro_db.errors import ConnectError, RefusedError, ServerError
from chiro_db.sql import quote_name

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

OLDEST = 140000
_LIBPQS_QUESTION = re.compile(r" Is the server running[^?]*\?")  # the hint asks
MAINTENANCE = "postgres"  # where CREATE DATABASE is run from


@dataclass(frozen=True, slots=True)
class Where:
    """A conninfo for the spec's database; printed without its password."""

    parameters: Mapping[str, Any] = field(repr=False)  # the password among them
    database: str

    def __str__(self) -> str:
        """The server for a person, as far as the conninfo or libpq's variables say it."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or ""
        port = self.parameters.get("port")
        service = self.parameters.get("service") or os.environ.get("PGSERVICE")
        if not service:  # which has host and port before the variables have
            host = host or os.environ.get("PGHOST") or os.environ.get("PGHOSTADDR") or ""
            port = port or os.environ.get("PGPORT")
        place = f"{host}{f':{port}' if port else ''}"
        return place or (f"service {service}" if service else "the default server")


def where(conninfo: str, database: str) -> Where:
    """The spec's database on the server of a libpq URL or conninfo; another name is an error."""
    parameters = _parameters(conninfo)
    named = parameters.get("dbname")
    if named and named != database:
        raise ConnectError(
            f"the URL names the database `{named}`, the spec `{database}`",
            hint="leave the database out of the URL, or change `database: name:` in the spec",
        )
    return Where(parameters, database)


def anywhere(conninfo: str) -> Where:
    """The database that a libpq URL or conninfo names, else the one that libpq connects to."""
    parameters = _parameters(conninfo)
    named = parameters.get("dbname")
    if not named:  # PGDATABASE, a service file, the name of the user
        with _connect(Where(parameters, ""), "") as connection:
            named = connection.info.dbname
    return Where(parameters, str(named))


def _parameters(conninfo: str) -> dict[str, Any]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {"connect_timeout": 10, **conninfo_to_dict(conninfo)}
    except ProgrammingError as error:
        raise ConnectError(
            "the URL is neither a libpq URL nor a conninfo string",
            hint="such as postgresql://user@host:5432/database?sslmode=verify-full",
        ) from error


@contextmanager
def connected(to: Where, database: str | None = None) -> Iterator[Connection]:
    """An autocommit connection to the spec's database or to another one of the same server."""
    connection = _connect(to, database or to.database)
    with _translated(), connection:
        yield connection


@contextmanager
def _translated() -> Iterator[None]:
    """What the driver raises where nobody knows it better."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        text = error.diag.message_primary or " ".join(str(error).split())
        if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
            raise ConnectError(
                f"the connection was lost: {text}", hint="is the server still running?"
            ) from None
        raise ServerError(text, hint=error.diag.message_hint) from None


@contextmanager
def connected_if_exists(to: Where) -> Iterator[Connection]:
    """The spec's database, else the server's `postgres` where there is no such database."""
    try:
        connection = _connect(to, to.database)
    except ConnectError as refused:
        connection = _maintenance(to, refused)
    with _translated(), connection:
        yield connection


def _maintenance(to: Where, refused: ConnectError) -> Connection:
    """A connection to `postgres`, if the reason for the refusal is that there is no database.

    The server's message is in its own language, so the catalog is asked instead.
    """
    try:
        connection = _connect(to, MAINTENANCE)
    except ConnectError:
        raise refused from None
    query = "SELECT FROM pg_database WHERE datname = %s"
    if connection.execute(query, [to.database]).fetchone() is None:
        return connection
    connection.close()
    raise refused


def _connect(to: Where, database: str) -> Connection:
    import logging

    import psycopg

    # What it warns of besides raising, such as a pipeline that ends with its connection.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    # statements are UTF-8, whatever the database is in
    parameters = {"application_name": "chirodb", **to.parameters, "client_encoding": "utf8"}
    if database:
        parameters["dbname"] = database
    try:
        connection = psycopg.connect(
            "",
            autocommit=True,
            prepare_threshold=None,  # transaction poolers lose prepared statements
            **parameters,
        )
    except psycopg.OperationalError as error:
        raise _explained(error, to, database) from None
    if connection.info.server_version < OLDEST:
        version = connection.info.parameter_status("server_version")
        connection.close()
        raise RefusedError(
            f"the server is PostgreSQL {version}", hint="chirodb needs PostgreSQL 14 or newer"
        )
    return connection


def _user(to: Where) -> str:
    user = to.parameters.get("user")
    return quote_name(str(user)) if user else "this role"


def _explained(error: psycopg.OperationalError, to: Where, database: str) -> ConnectError:
    """libpq's message on one line, and the hint that goes with what it says."""
    text = _LIBPQS_QUESTION.sub("", " ".join(str(error).split()))
    hints = (
        ("Connection refused", "is the server running there, and does it listen on that port?"),
        ("No such file or directory", "is the server running on this machine?"),
        ("could not translate host name", "check the host name"),
        ("failed to resolve host", "check the host name"),
        ("password authentication failed", "check the password: PGPASSWORD, passfile or the URL"),
        ("no password supplied", "give it in PGPASSWORD, a password file or the URL"),
        ("no pg_hba.conf entry", "pg_hba.conf does not let this role in from here"),
        (
            "permission denied for database",
            f"grant it: GRANT CONNECT ON DATABASE {quote_name(database)} TO {_user(to)}",
        ),
        ("too many connections", "the role, the database or the server is at its limit"),
        (
            "not currently accepting connections",
            "ALTER DATABASE ... ALLOW_CONNECTIONS",
        ),
        ("invalid database", "a DROP DATABASE was interrupted: drop it, and make it again"),
        (
            f'database "{database}',  # where none was named, libpq has taken the user's name
            "check its name; `chirodb apply` makes the one of the spec"
            if database
            else "name the database",
        ),
        ("timeout", "the server did not answer in time; connect_timeout in the URL sets how long"),
        ("does not support SSL", "the server has no TLS; sslmode in the URL asks for it"),
    )
    hint = next((hint for said, hint in hints if said.lower() in text.lower()), None)
    return ConnectError(f"cannot connect to {to}: {text}", hint=hint)
