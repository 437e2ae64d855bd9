"""Asking a server that runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg


def ask(conninfo: str, query: str) -> Any:
    """The only column of the only row; each call is a session of its own."""
    with psycopg.connect(conninfo, dbname="postgres", connect_timeout=10) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def tell(conninfo: str, statement: str) -> None:
    with psycopg.connect(conninfo, dbname="postgres", connect_timeout=10) as connection:
        connection.execute(statement.encode())


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
