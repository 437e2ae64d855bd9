"""Real logins that try a read, a write and a create."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql

from tests.oracle.compare import effective, holds, reached_by
from tests.oracle.declared import Declaration
from tests.oracle.world import Thing
from tests.servers import Database

_PASSWORD = "a login of the oracle"


def logins(database: Database, declared: Declaration, limit: int) -> Iterator[str]:
    """Some of the login roles, each on one ordinary table and its schema."""
    tables = [t for t in declared.things if t.kind == "r" and t.columns]
    roles = [r for r in sorted(declared.logins) if not declared.world.roles[r].superuser]
    for i, role in enumerate(roles[:limit]):
        with database.connect() as connection:
            text = sql.SQL("ALTER ROLE {} PASSWORD {} VALID UNTIL 'infinity' CONNECTION LIMIT -1")
            connection.execute(text.format(sql.Identifier(role), sql.Literal(_PASSWORD)))
        table = tables[i % len(tables)] if tables else None
        try:
            with database.connect(user=role, password=_PASSWORD) as connection:
                yield from _tries(connection, declared, role, table)
        except psycopg.OperationalError as error:
            if _may(declared, role, declared.world.database, "CONNECT"):
                yield f"{role!r} cannot connect: {error}"


def _tries(
    connection: psycopg.Connection[tuple[object, ...]],
    declared: Declaration,
    role: str,
    table: Thing | None,
) -> Iterator[str]:
    if not _may(declared, role, declared.world.database, "CONNECT"):
        yield f"{role!r} can connect"
    yield from _begins(connection, declared, role)
    if table is None:
        return
    schema = next(t for t in declared.things if t.cls == "schema" and t.name == table.schema)
    name = sql.Identifier(table.schema, table.name)
    new = sql.Identifier(table.schema, "tried by the oracle")
    inside = _may(declared, role, schema, "USAGE")
    tries = (
        ("SELECT * FROM {} LIMIT 0", name, inside and _may(declared, role, table, "SELECT")),
        ("DELETE FROM {} WHERE false", name, inside and _may(declared, role, table, "DELETE")),
        ("CREATE TABLE {} ()", new, inside and _may(declared, role, schema, "CREATE")),
    )
    connection.execute("RESET ROLE; SET ROLE NONE")
    for statement, about, should in tries:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(sql.SQL(statement).format(about))
        except psycopg.errors.InsufficientPrivilege as error:
            if should:
                yield f"{role!r} cannot run {statement} on {table}: {error}"
        else:
            if not should:
                yield f"{role!r} can run {statement} on {table}"


def _begins(
    connection: psycopg.Connection[tuple[object, ...]], declared: Declaration, role: str
) -> Iterator[str]:
    """The session of a service's role starts in its schemas, a migrator's as the owner."""
    own = [s for s in declared.services if role in (s["owner"], s.get("app"), s.get("migrator"))]
    user = next((s["owner"] for s in own if s.get("migrator") == role), role)
    begun = connection.execute("SELECT current_user::text, current_schemas(false)").fetchone()
    if own and begun != (user, [s["schema"] for s in own]):
        yield f"a session of {role!r} starts as {begun}"


def _may(declared: Declaration, role: str, thing: Thing, privilege: str) -> bool:
    options, columns = effective(declared, thing, declared.expected(thing))
    reached = reached_by(declared, role)
    on_columns = thing.columns and privilege == "SELECT"
    return holds(reached, options, privilege) or bool(
        on_columns and all(holds(reached, columns[c.name], privilege) for c in thing.columns)
    )
