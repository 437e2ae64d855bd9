"""How chirodb looks at a server that may be in trouble: read only, and never waiting for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chiro_db.catalog.inspect import snapshot

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


@contextmanager
def looking(connection: Connection, *, statement_ms: int = 10_000) -> Iterator[None]:
    """A READ ONLY transaction that is rolled back, with time-outs for locks and statements."""
    connection.read_only = True
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "SET LOCAL search_path = '';"
                f" SET LOCAL statement_timeout = {int(statement_ms)};"
                " SET LOCAL lock_timeout = 500;"
                " SET LOCAL quote_all_identifiers = off;"
                " SET LOCAL standard_conforming_strings = on"
            )
            yield
    finally:
        if not connection.closed:
            connection.read_only = None


@contextmanager
def briefly(connection: Connection) -> Iterator[None]:
    """One moment, as for a plan, that does not wait for whoever has locked a catalog."""
    with snapshot(connection):
        connection.execute("SET LOCAL lock_timeout = 500")
        yield
