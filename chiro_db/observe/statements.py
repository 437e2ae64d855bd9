"""What pg_stat_statements has counted, the roles of a service taken together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.errors import ChirodbError
from chiro_db.kinds import parameter, provider
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

_PROVIDERS = {"rds_superuser": "rds", "azure_pg_admin": "azure", "cloudsqlsuperuser": "cloudsql"}
LIBRARY = "pg_stat_statements"


@dataclass(frozen=True, slots=True)
class Counted:
    """One normalised statement of one service; times in milliseconds, blocks of 8 kB."""

    service: str | None  # None: of roles that are no service's
    queryid: str | None  # None: the connected role may not see what others run
    query: str | None
    role: str
    calls: int
    rows: int
    total_ms: float
    max_ms: float
    hit: int
    read: int
    other_io: int
    temp: int
    io_ms: float

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.calls if self.calls else 0.0

    @property
    def cached(self) -> float | None:
        """The share of blocks that were found in shared buffers; None where none was wanted."""
        return self.hit / (self.hit + self.read) if self.hit + self.read else None

    @property
    def io(self) -> int:
        return self.read + self.other_io


COUNTERS = ("calls", "rows", "total_ms", "hit", "read", "other_io", "temp", "io_ms")


@dataclass(frozen=True, slots=True)
class Reading:
    """All counters of one moment; instants in seconds since 1970 by the server's clock."""

    at: float
    since: float  # of the counters' reset
    evicted: int  # statements that pg_stat_statements.max has thrown out
    statements: tuple[Counted, ...]
    sees_all: bool
    role: str


def read(connection: Connection, services: Mapping[str, str]) -> Reading:
    """By role which service it is of; ChirodbError where nothing is counted, with the remedy."""
    import psycopg

    _uncounted(connection)
    row = connection.execute(text("sql_templates/observe/extension.sql").encode()).fetchone()
    if row is None:
        raise LookupError("a SELECT without FROM has a row")
    schema, sees_all, role, managed, libraries, started, now = row
    if schema is None:
        raise ChirodbError(
            f"the database has no extension {LIBRARY}, which counts statements",
            hint=f"CREATE EXTENSION {LIBRARY}; or name it in the spec: `database: extensions:`",
        )
    view = sql.Name(schema, LIBRARY)
    try:
        rows = connection.execute(
            sql.statement("observe/statements", view=view).encode(),
            {"roles": list(services), "services": list(services.values())},
        ).fetchall()
        info = connection.execute(
            sql.statement("observe/info", view=sql.Name(schema, f"{LIBRARY}_info")).encode()
        ).fetchone()
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise _not_loaded(_PROVIDERS.get(managed or "", ""), libraries) from None
    reset, evicted = info if info is not None else (None, 0)
    found = tuple(Counted(*values) for values in rows)
    return Reading(now, reset if reset is not None else started, evicted, found, sees_all, role)


def _uncounted(connection: Connection) -> None:
    """What chirodb asks shall not stand among what it finds, where it may say so."""
    import psycopg

    with contextlib.suppress(psycopg.Error), connection.transaction():
        connection.execute("SET LOCAL pg_stat_statements.track = 'none'")


def _not_loaded(managed: str, libraries: str | None) -> ChirodbError:
    """The server has to be started with the library."""
    known = parameter.split_identifiers(libraries or "")
    listed = sql.Listed(sql.Text(name) for name in (*known, LIBRARY))
    command = provider.preload(managed, known, LIBRARY) or sql.statement(
        "extension/preload", libraries=listed
    )
    others = " (and the libraries there are)" if libraries is None else ""
    return ChirodbError(
        f"{LIBRARY} counts nothing: the server was not started with it",
        hint=f"{command}{others}, then restart the server",
    )


def difference(now: Counted, before: Mapping[str, float] | None) -> Counted:
    """What was counted since; where a counter has shrunk it was thrown out in between."""
    if before is None or any(getattr(now, name) < before.get(name, 0) for name in COUNTERS):
        return now
    values = {field.name: getattr(now, field.name) for field in fields(now)}
    for name in COUNTERS:
        values[name] -= before.get(name, 0)
    return Counted(**values)
