"""PgBouncer, where that is what the URL leads to: its own console says who waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chiro_db.catalog.connect import Where
from chiro_db.observe import handshake
from chiro_db.observe.door import Door
from chiro_db.observe.finding import Result, found, ok, unchecked
from chiro_db.observe.reaching import Reach
from chiro_db.sql import Name

_CONSOLE = "pgbouncer"


def pools(to: Where, at: Door, reach: Reach, database: str) -> Iterator[Result]:
    """Nothing where it is no pooler."""
    if not is_pooler(at, reach):
        return
    import psycopg

    parameters = {**to.parameters, "dbname": _CONSOLE, "application_name": "chirodb"}
    try:
        with psycopg.connect("", autocommit=True, prepare_threshold=None, **parameters) as console:
            rows = _rows(console, database)
    except psycopg.errors.UndefinedObject:  # a database of a server may bear that name
        return
    except psycopg.Error as error:
        why = f"PgBouncer's console is closed to {Name(at.user)}: name it in stats_users"
        yield unchecked("connection", "pool", f"{why} ({' '.join(str(error).split())})")
        return
    waiting = [row for row in rows if int(row["cl_waiting"])]
    for row in waiting:
        yield found(
            "connection",
            "pool",
            f"{row['cl_waiting']} clients of {Name(row['user'])} wait for a server connection",
            f"SHOW POOLS: cl_active {row['cl_active']}, sv_active {row['sv_active']},"
            f" sv_idle {row['sv_idle']}, maxwait {row['maxwait']} s",
            mend="end long and idle transactions (below), or raise default_pool_size in"
            " pgbouncer.ini and RELOAD",
        )
    if not waiting:
        clients = sum(int(row["cl_active"]) for row in rows)
        yield ok("connection", "pool", f"PgBouncer: nobody waits, {clients} clients are served")


def is_pooler(at: Door, reach: Reach) -> bool:
    """A server says by its errors which of its functions refused; PgBouncer does not."""
    if reach.tls is None:
        return False
    try:
        reach.enter(at.user, at.password, _CONSOLE)
    except handshake.Refused as refused:
        return not refused.routine
    except (handshake.PasswordWanted, OSError):
        return False
    return True


def _rows(console: Any, database: str) -> list[dict[str, Any]]:
    """Of the spec's database."""
    cursor = console.execute(b"SHOW POOLS")
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return [row for row in rows if row["database"] == database]
