"""The one moment of all services of a run: an exported snapshot, held until the last is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chiro_db.catalog.connect import connected
from chiro_db.errors import RefusedError
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection, Where


@dataclass(frozen=True, slots=True)
class Moment:
    """A snapshot of the database that pg_dump takes over, and what is known of the server."""

    connection: Connection
    snapshot: str
    lsn: str | None
    server: str  # such as `18.4`
    version: int
    system: str
    user: str
    tls: bool

    @property
    def major(self) -> int:
        return self.version // 10000

    def rows(self, name: str, parameters: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        """The rows of `sql_templates/backup/<name>.sql` in the snapshot."""
        query = text(f"sql_templates/backup/{name}.sql").encode()
        return self.connection.execute(query, parameters).fetchall()


@contextmanager
def moment(to: Where) -> Iterator[Moment]:
    """REPEATABLE READ, READ ONLY; nobody's time-outs shall end it while pg_dump works."""
    import psycopg

    with connected(to) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction(force_rollback=True):
            connection.execute(
                "SET LOCAL idle_in_transaction_session_timeout = 0;"
                " SET LOCAL statement_timeout = 0;"
                " SET LOCAL search_path = ''"
            )
            if connection.info.server_version >= 170000:
                connection.execute("SET LOCAL transaction_timeout = 0")
            row = connection.execute(text("sql_templates/backup/moment.sql").encode()).fetchone()
            if row is None:
                raise RefusedError("the server exports no snapshot")
            snapshot, lsn, server, system, user = row
            version = connection.info.server_version
            tls = bool(connection.pgconn.ssl_in_use)
            yield Moment(connection, snapshot, lsn, server, version, system, user, tls)
