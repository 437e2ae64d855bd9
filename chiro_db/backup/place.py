"""The schema's place in the database: made free before a restore, and its owners let in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chiro_db.backup.sending import explained, query
from chiro_db.errors import RefusedError
from chiro_db.kinds.schema import UNFINISHED
from chiro_db.sql import Keyword, Listed, Name, Text, statement

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """A transaction that sees what others commit beside it, whatever the defaults are."""
    from psycopg import IsolationLevel

    connection.isolation_level = IsolationLevel.READ_COMMITTED
    connection.read_only = False
    with connection.transaction():
        yield


def exists(connection: Connection, schema: str) -> bool:
    found = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s"
    return connection.execute(found, [schema]).fetchone() is not None


def make_room(
    connection: Connection, schema: str, *, replace: bool, under: str | None
) -> str | None:
    """The name under which the schema that is there waits until the other one has its own."""
    if under is not None:
        if exists(connection, under):
            raise RefusedError(
                f"there is a schema `{under}` already", hint="choose another name for --as"
            )
        if not exists(connection, schema):
            return None
        aside = f"chirodb {secrets.token_hex(8)}"
        rename(connection, schema, aside)
        return aside
    if exists(connection, schema):
        if not replace:
            what = "--as NAME restores beside it; --replace backs it up and takes its place"
            if is_unfinished(connection, schema):
                what = "a restore that was killed left it half made: --replace takes its place"
            raise RefusedError(f"there is a schema `{schema}` already", hint=what)
        _drop(connection, schema)
    return None


def rename(connection: Connection, schema: str, to: str) -> None:
    _run(connection, schema, "backup/rename_schema", schema=Name(schema), to=Name(to))


def _drop(connection: Connection, schema: str) -> None:
    """Refused where that would take something of another schema with it."""
    rows = connection.execute(query("own"), {"schema": schema}).fetchall()
    given = {"classes": [row[0] for row in rows], "objects": [row[1] for row in rows]}
    outside = [row[0] for row in connection.execute(query("dependents"), given)]
    if outside:
        raise RefusedError(
            f"something outside of the schema `{schema}` depends on what is in it",
            where=", ".join(outside[:5]) + (", ..." if len(outside) > 5 else ""),
            hint="drop it first and make it again afterwards, or restore beside it with --as",
        )
    drop(connection, schema)


def drop(connection: Connection, schema: str) -> None:
    """With all that is in it."""
    _run(connection, schema, "backup/drop_schema", schema=Name(schema))


def comment(connection: Connection, schema: str) -> str | None:
    text = "SELECT pg_catalog.obj_description(oid) FROM pg_catalog.pg_namespace WHERE nspname = %s"
    row = connection.execute(text, [schema]).fetchone()
    return row[0] if row is not None else None


def is_unfinished(connection: Connection, schema: str) -> bool:
    return comment(connection, schema) == UNFINISHED


def mark(connection: Connection, schema: str) -> str | None:
    """Says on the schema that it is half made; the comment that was there."""
    was = comment(connection, schema)
    unmark(connection, schema, UNFINISHED)
    return was


def unmark(connection: Connection, schema: str, was: str | None) -> None:
    text = Text(was) if was is not None else Keyword("NULL")
    _run(connection, schema, "schema/comment", name=Name(schema), comment=text)


@contextmanager
def as_member_of_new(connection: Connection, roles: Sequence[str]) -> Iterator[None]:
    """Whoever makes roles may act as them afterwards; a superuser may anyway."""
    if connection.info.server_version >= 160000:
        connection.execute("SET LOCAL createrole_self_grant = 'set, inherit'")
        yield
        return
    before = connection.execute(query("strange_roles"), {"roles": list(roles)}).fetchall()
    yield
    after = connection.execute(query("strange_roles"), {"roles": list(roles)}).fetchall()
    if new := [row[0] for row in after if row not in before]:
        names = Listed(Name(role) for role in new)
        _run(connection, ", ".join(new), "backup/join", roles=names)


def strangers(connection: Connection, schema: str, roles: Sequence[str]) -> list[str]:
    """Who is to own something needs CREATE on the schema, unless a superuser gives it away."""
    rows = connection.execute(query("strangers"), {"schema": schema, "roles": list(roles)})
    return [row[0] for row in rows]


def let_in(connection: Connection, schema: str, roles: Sequence[str]) -> None:
    _access(connection, "backup/let_in", schema, roles)


def let_out(connection: Connection, schema: str, roles: Sequence[str]) -> None:
    _access(connection, "backup/let_out", schema, roles)


def _access(connection: Connection, which: str, schema: str, roles: Sequence[str]) -> None:
    if roles:
        names = Listed(Name(role) for role in roles)
        _run(connection, schema, which, schema=Name(schema), roles=names)


def _run(connection: Connection, place: str, template: str, **values: object) -> None:
    with explained(f"schema {place}", statement(template, **values)) as sql:
        connection.execute(sql.encode())
