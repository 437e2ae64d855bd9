"""What each command could not beat: the same work by psql, pg_dump or a bare python."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from bench.measure import Contender
from bench.server import DATABASE, Server
from chiro_db.embedded import binaries
from chiro_db.kinds import KINDS
from chiro_db.kinds.scope import Request
from chiro_db.resources import text
from chiro_db.spec.load import load

_GROUPED = Path(__file__).with_name("grouped.py")


def python(name: str, code: str) -> Contender:
    """A bare python with what its environment has installed."""
    return Contender(name, [sys.executable, "-c", code])


def imports() -> Contender:
    return python("python importing psycopg and pydantic", "import psycopg, pydantic")


def grouped(server: Server) -> Contender:
    """The one that targets are told by."""
    conninfo = f"{server.conninfo} dbname={DATABASE}"
    return Contender("python, grouped read", [sys.executable, str(_GROUPED), conninfo])


def psql(
    name: str,
    server: Server,
    script: Path,
    before: Callable[[], object] | None = None,
    runs: int | None = None,
) -> Contender:
    """A script, in one transaction."""
    command = [str(binaries.client("psql")), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-At"]
    quiet = {"PGOPTIONS": "-c client_min_messages=error"}
    return Contender(
        name, [*command, "-f", str(script)], before, {**server.variables, **quiet}, runs=runs
    )


def catalog_queries(server: Server, spec: Path) -> str:
    """chirodb's own catalog queries with their values, for psql."""
    request = Request(load(spec).spec)
    queries = ["SET LOCAL search_path = ''"]
    with psycopg.connect(server.conninfo, dbname=DATABASE) as connection:
        cursor = psycopg.ClientCursor(connection)
        for kind in KINDS:
            query = text(f"sql_templates/{kind.NAME}/inspect.sql")
            queries.append(cursor.mogrify(query.encode(), kind.parameters(request)))
    return ";\n".join(queries) + ";\n"


def pg_dump(
    name: str, server: Server, *options: str, makes: Path | None = None, runs: int | None = None
) -> Contender:
    command = [str(binaries.client("pg_dump")), *options]
    return Contender(name, command, environment=server.variables, makes=makes, runs=runs)
