"""Until a server has got where a test wants it, however loaded the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from tests.provisioning import Provisioning

_PATIENCE = 60  # seconds


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def until_blocked(provision: Provisioning, *sessions: psycopg.Connection) -> None:
    """Each waits for a lock."""
    pids = [session.info.backend_pid for session in sessions]
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ANY(%s)"
    until(lambda: provision.value(query, pids) == len(pids), f"{pids} wait for a lock")
