"""An archive back into a database, in the transaction that is open: all of it or nothing."""

from __future__ import annotations

import io
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiro_db.backup import archive, contents, packing, section
from chiro_db.backup.archive import Archive, Rows
from chiro_db.backup.client import Client
from chiro_db.backup.dump import PREREQUISITES
from chiro_db.backup.manifest import Manifest
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.resources import text as shipped
from chiro_db.sql import Listed, Name, statement

if TYPE_CHECKING:
    import psycopg

    from chiro_db.catalog.connect import Connection


@dataclass(frozen=True)
class Source:
    """A backup whose files are on this machine, and whose checksums were right."""

    folder: Path
    manifest: Manifest
    client: Client
    keys: Sequence[Any] = ()

    @property
    def archive(self) -> Archive:
        return Archive(self.folder / self.manifest.archive, self.keys)

    def prerequisites(self) -> str:
        """The text of prerequisites.sql."""
        name = next(n for n in self.manifest.files if n.startswith(PREREQUISITES))
        target = _Memory()
        with (self.folder / name).open("rb") as file:
            packing.take(file, target, self.keys, encrypted=name.endswith(".age"))
        return target.getvalue().decode()


class _Memory(io.BytesIO):
    def write(self, chunk: bytes) -> int:  # type: ignore[override]  # bytes alone come
        return super().write(chunk)


@dataclass(frozen=True)
class Restored:
    """What was done, and what could not be."""

    rows: int
    left_out: tuple[str, ...]  # foreign keys whose table is not there


def restore(
    connection: Connection,
    source: Source,
    *,
    replace: bool = False,
    under: str | None = None,
    tablespaces: bool = True,
) -> Restored:
    """RefusedError where a schema of that name is there already, unless it may be replaced."""
    made = source.manifest
    connection.execute("SET LOCAL search_path = ''")
    aside = _make_room(connection, made.schema, replace=replace, under=under)
    missing = contents.missing(connection, made)
    with _explained("prerequisites.sql", source.prerequisites()) as sql:
        connection.execute(sql.encode())
    options = () if tablespaces else ("--no-tablespaces",)
    with tempfile.TemporaryDirectory(prefix="chirodb-") as temp:
        chosen = contents.choose(source.archive, source.client, made, missing, Path(temp))
        options = (*options, "--no-privileges")
        if not _exists(connection, made.schema):
            first = (*options, f"--use-list={chosen.schema}")
            _definitions(connection, source, "pre-data", first)
        options = (*options, f"--use-list={chosen.rest}")
        with _owners_let_in(connection, made):
            _definitions(connection, source, "pre-data", options)
            rows = _data(connection, source, options)
            _definitions(connection, source, "post-data", options)
    if dict(made.rows) != rows:
        raise ChirodbError("the archive holds other rows than its manifest says")
    if under is not None:
        _rename(connection, made.schema, under)
    if aside is not None:
        _rename(connection, aside, made.schema)
    return Restored(sum(rows.values()), chosen.left_out)


@contextmanager
def _owners_let_in(connection: Connection, made: Manifest) -> Iterator[None]:
    """Who is to own something needs CREATE on the schema, unless a superuser gives it away."""
    rows = connection.execute(_sql("strangers"), {"schema": made.schema, "roles": _roles(made)})
    strangers = [Name(row[0]) for row in rows]
    if not strangers:
        yield
        return
    values = {"schema": Name(made.schema), "roles": Listed(strangers)}
    grant = statement("backup/let_in", **values)
    with _explained(f"schema {made.schema}", grant) as sql:
        connection.execute(sql.encode())
    yield
    with _explained(f"schema {made.schema}", statement("backup/let_out", **values)) as sql:
        connection.execute(sql.encode())


def _roles(made: Manifest) -> list[str]:
    return [str(role) for role in made.requires.get("roles", ())]


def _make_room(
    connection: Connection, schema: str, *, replace: bool, under: str | None
) -> str | None:
    """The name under which the schema that is there waits until the other one has its own."""
    if under is not None:
        if _exists(connection, under):
            raise RefusedError(
                f"there is a schema `{under}` already", hint="choose another name for --as"
            )
        if not _exists(connection, schema):
            return None
        aside = f"chirodb {secrets.token_hex(8)}"
        _rename(connection, schema, aside)
        return aside
    if _exists(connection, schema):
        if not replace:
            raise RefusedError(
                f"there is a schema `{schema}` already",
                hint="--as NAME restores beside it; --replace backs it up and takes its place",
            )
        _drop(connection, schema)
    return None


def _exists(connection: Connection, schema: str) -> bool:
    query = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s"
    return connection.execute(query, [schema]).fetchone() is not None


def _rename(connection: Connection, schema: str, to: str) -> None:
    text = statement("backup/rename_schema", schema=Name(schema), to=Name(to))
    with _explained(f"schema {schema}", text) as sql:
        connection.execute(sql.encode())


def _drop(connection: Connection, schema: str) -> None:
    """Refused where that would take something of another schema with it."""
    rows = connection.execute(_sql("own"), {"schema": schema}).fetchall()
    given = {"classes": [row[0] for row in rows], "objects": [row[1] for row in rows]}
    outside = [row[0] for row in connection.execute(_sql("dependents"), given)]
    if outside:
        raise RefusedError(
            f"something outside of the schema `{schema}` depends on what is in it",
            where=", ".join(outside[:5]) + (", ..." if len(outside) > 5 else ""),
            hint="drop it first and make it again afterwards, or restore beside it with --as",
        )
    text = statement("backup/drop_schema", schema=Name(schema))
    with _explained(f"schema {schema}", text) as sql:
        connection.execute(sql.encode())


def _sql(name: str) -> bytes:
    return shipped(f"sql_templates/backup/{name}.sql").encode()


def _definitions(connection: Connection, source: Source, name: str, options: Sequence[str]) -> None:
    known = _settings(connection)
    text = source.archive.text(source.client, f"--section={name}", *options)
    with _explained(name, section.fit(text, known)) as sql:
        connection.execute(sql.encode())


def _settings(connection: Connection) -> frozenset[str]:
    return frozenset(r[0] for r in connection.execute("SELECT name FROM pg_catalog.pg_settings"))


def _data(connection: Connection, source: Source, options: Sequence[str]) -> dict[str, int]:
    """Rows by table, as they were sent."""
    known = _settings(connection)
    sent: dict[str, int] = {}
    held = b""
    with source.archive.read(source.client, "--section=data", *options) as output:
        for part in archive.data(output):
            if isinstance(part, Rows):
                _execute(connection, held, known)
                held = b""
                sent[part.table] = sent.get(part.table, 0) + _copied(connection, part)
            elif not part.startswith(b"\\"):
                held += part
        _execute(connection, held, known)
    return sent


def _execute(connection: Connection, text: bytes, known: frozenset[str]) -> None:
    if text.strip():
        with _explained("data", section.fit(text.decode(), known)) as sql:
            connection.execute(sql.encode())


def _copied(connection: Connection, rows: Rows) -> int:
    count = 0
    with (
        _explained(f"rows of {rows.table}", rows.statement.decode()) as sql,
        connection.cursor() as cursor,
        cursor.copy(sql.encode()) as copy,
    ):
        for chunk in rows.chunks:
            count += chunk.count(b"\n")
            copy.write(chunk)
    return count


@contextmanager
def _explained(what: str, sql: str) -> Iterator[str]:
    """The SQL to be sent, and which part of the archive it was that the server refused."""
    import psycopg

    try:
        yield sql
    except psycopg.Error as error:
        raise ServerError(
            f"the restore stops at {_entry(error, sql) or what}: {_message(error)}",
            where=" ".join((error.diag.context or "").split())[:300] or None,
            hint=error.diag.message_hint or "nothing was changed",
        ) from None


def _entry(error: psycopg.Error, sql: str) -> str | None:
    position = error.diag.statement_position
    if position is not None:
        return section.entry(sql, int(position))
    named = error.diag.constraint_name or error.diag.table_name
    return f"`{named}`" if named else None


def _message(error: psycopg.Error) -> str:
    detail = error.diag.message_detail
    text = error.diag.message_primary or " ".join(str(error).split())
    return text + (f" ({' '.join(detail.split())})" if detail else "")
