"""How chirodb looks at a server that may be in trouble: read only, and never waiting for long."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from chiro_db.catalog.inspect import snapshot
from chiro_db.errors import ConnectError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


_PATIENCE = 10.0  # seconds, until a pooler has a server connection for us


@contextmanager
def looking(connection: Connection, *, statement_ms: int = 10_000) -> Iterator[None]:
    """A READ ONLY transaction that is rolled back, with time-outs for locks and statements."""
    connection.read_only = True
    try:
        with ExitStack() as stack:
            with answering(connection, _PATIENCE):
                stack.enter_context(connection.transaction(force_rollback=True))
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


@contextmanager
def answering(connection: Connection, seconds: float) -> Iterator[None]:
    """The connection is cut where what is asked is not answered in time.

    No time-out of the server's helps where a pooler keeps us waiting, or the server has stopped.
    """
    import psycopg

    wire = socket.socket(fileno=os.dup(connection.fileno()))
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):  # it has ended by itself
            wire.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.OperationalError:
        if not late.is_set():
            raise
        raise ConnectError(
            f"no answer within {seconds:g} s",
            hint="the server, or a pooler before it, lets us wait: chirodb doctor",
        ) from None
    finally:
        timer.cancel()
        wire.close()
