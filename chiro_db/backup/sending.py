"""What pg_restore writes, sent by the driver: definitions by section, rows as they stream by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chiro_db.backup import section
from chiro_db.backup.archive import Archive, Seen
from chiro_db.backup.client import Client
from chiro_db.backup.rows import Rows, data
from chiro_db.errors import ServerError
from chiro_db.resources import text as shipped

if TYPE_CHECKING:
    import psycopg

    from chiro_db.catalog.connect import Connection


def query(name: str) -> bytes:
    """`sql_templates/backup/<name>.sql`."""
    return shipped(f"sql_templates/backup/{name}.sql").encode()


def definitions(
    connection: Connection, source: Archive, client: Client, name: str, options: Sequence[str]
) -> None:
    """A section without rows: `pre-data` or `post-data`."""
    known = _settings(connection)
    text = source.text(client, f"--section={name}", *options)
    with explained(name, section.fit(text, known)) as sql:
        connection.execute(sql.encode())


def rows(
    connection: Connection, source: Archive, client: Client, options: Sequence[str], sent: Seen
) -> dict[str, int]:
    """The section `data`; rows by table, as they were sent."""
    known = _settings(connection)
    counts: dict[str, int] = {}
    held = b""
    with source.read(client, "--section=data", *options) as output:
        for part in data(output):
            if isinstance(part, Rows):
                _execute(connection, held, known)
                held = b""
                counts[part.table] = counts.get(part.table, 0) + _copied(connection, part, sent)
            elif not part.startswith(b"\\"):
                held += part
        _execute(connection, held, known)
    return counts


def _settings(connection: Connection) -> frozenset[str]:
    return frozenset(r[0] for r in connection.execute("SELECT name FROM pg_catalog.pg_settings"))


def _execute(connection: Connection, text: bytes, known: frozenset[str]) -> None:
    if text.strip():
        with explained("data", section.fit(text.decode(), known)) as sql:
            connection.execute(sql.encode())


def _copied(connection: Connection, rows: Rows, sent: Seen) -> int:
    count = 0
    with (
        explained(f"rows of {rows.table}", rows.statement.decode()) as sql,
        connection.cursor() as cursor,
        cursor.copy(sql.encode()) as copy,
    ):
        for chunk in rows.chunks:
            more = chunk.count(b"\n")
            count += more
            copy.write(chunk)
            sent(rows.table, more, len(chunk))
    return count


@contextmanager
def explained(what: str, sql: str) -> Iterator[str]:
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
