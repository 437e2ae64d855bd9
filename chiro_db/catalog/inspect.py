"""Reads a State from a server: a fixed number of queries, whatever there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chiro_db.kinds import KINDS, extension, schema, setting
from chiro_db.kinds.scope import Request
from chiro_db.model.state import Belonging, Parameter, Server, State
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

# Of a database that does not exist yet there is only what the cluster shares.
_SHARED = frozenset({"role", "membership", "extension"})


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One moment for all queries: REPEATABLE READ, READ ONLY."""
    import psycopg

    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.closed:
            connection.isolation_level = connection.read_only = None


def inspect(connection: Connection, request: Request) -> State:
    """The state of all that the request names, read in the connection's transaction."""
    # what these queries say and how names come back shall not depend on anybody's settings
    connection.execute(
        "SET LOCAL search_path = '';"
        " SET LOCAL statement_timeout = 0;"
        " SET LOCAL quote_all_identifiers = off;"
        # 4 MB send the grouping of many names to disk; compiling takes longer than the queries
        " SET LOCAL work_mem = '64MB';"
        " SET LOCAL jit = off;"
        " SET LOCAL standard_conforming_strings = on"
    )
    database = request.spec.database.name
    server = _server(connection, database)
    fresh = server.database != database
    queries: dict[str, tuple[str, Mapping[str, Any]]] = {
        kind.NAME: (f"{kind.NAME}/inspect", kind.parameters(request))
        for kind in KINDS
        if not fresh or kind.NAME in _SHARED
    }
    declared = [name for name, role in request.spec.roles.items() if role.password]
    if declared and server.reads_verifiers:
        queries["verifiers"] = ("role/verifiers", {"roles": declared})
    if parameters := setting.named(request):
        queries["parameters"] = ("setting/parameters", {"names": parameters})
        if server.version >= 150000 and not server.superuser:
            queries["settable"] = ("setting/settable", {"names": parameters})
    if request.absent:
        queries["belongings"] = (
            "role/belongings",
            {
                "absent": list(request.absent),
                "roles": list(request.named),
                "schemas": list(request.by_schema),
                "database": database,
            },
        )
    # up to 17 GRANT locks nothing, and there is no reason to say it in another way
    whole = request.whole_schemas and server.major >= 18
    if whole and not fresh:
        queries["foreign"] = ("object/foreign", {"schemas": list(request.by_schema)})
    rows = _fetched(connection, queries)
    facts: dict[str, tuple[Any, ...]] = {
        kind.NAME: tuple([kind.Fact(*_tuples(row)) for row in rows.get(kind.NAME, ())])
        for kind in KINDS
    }
    if fresh:
        facts |= _of_template0(server, facts)
    return State(
        server=server,
        facts=facts,
        verifiers=dict(rows.get("verifiers", ())),
        parameters={row[0].lower(): Parameter(*_tuples(row)) for row in rows.get("parameters", ())},
        settable=frozenset(row[0] for row in rows.get("settable", ())),
        belongings=tuple(Belonging(*row) for row in rows.get("belongings", ())),
        foreign=frozenset(rows.get("foreign", ())) if whole else None,
    )


def _server(connection: Connection, database: str) -> Server:
    row = connection.execute(_sql("catalog/server"), {"database": database}).fetchone()
    if row is None:
        raise LookupError("the connected role is not in pg_roles")
    return Server(*row)


def _sql(name: str) -> str:
    return text(f"sql_templates/{name}.sql")


def _fetched(
    connection: Connection, queries: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> dict[str, Sequence[tuple[Any, ...]]]:
    """All queries in one round trip, by psycopg's pipeline mode."""
    with connection.pipeline():
        cursors = {
            key: connection.execute(_sql(name).encode(), parameters)
            for key, (name, parameters) in queries.items()
        }
        return {key: cursor.fetchall() for key, cursor in cursors.items()}


def _tuples(row: Sequence[Any]) -> list[Any]:
    return [tuple(value) if value.__class__ is list else value for value in row]


def _of_template0(server: Server, facts: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """What a database made from template0 has (docs/decisions/0005)."""
    owner = "pg_database_owner" if server.major >= 15 else server.bootstrap
    item = '"' + owner.replace('"', '""') + '"'
    everyone = "=U" if server.major >= 15 else "=UC"
    public = schema.Fact(
        "public", owner, "standard public schema", (f"{item}=UC/{item}", f"{everyone}/{item}")
    )
    extensions: list[extension.Fact] = list(facts["extension"])
    return {
        "schema": (public,),
        "extension": tuple(replace(fact, schema=None) for fact in extensions),
    }
