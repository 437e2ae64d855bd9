"""Bringing the server down, also when it is half dead; the caller holds the lock."""

from __future__ import annotations

import contextlib
import signal
import time

from chiro_db import lock
from chiro_db.embedded.account import server_account
from chiro_db.embedded.files import Files
from chiro_db.embedded.processes import end, end_orphans, is_postmaster
from chiro_db.embedded.status import look, read_postmaster
from chiro_db.errors import EmbeddedError


def stop(files: Files) -> bool:
    """False when nothing ran. Ends sessions (fast mode), and after 30 s without a checkpoint."""
    postmaster = read_postmaster(files.data)
    ran = postmaster is not None and is_postmaster(postmaster.pid, files.data)
    if ran and postmaster is not None:
        for how, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 5)):
            end(postmaster.pid, how)
            if _freed(files, seconds):
                break
    _clear(files)
    return ran


def await_other(files: Files) -> bool:
    """True when a server comes up that an earlier start gave up on; else none is left."""
    postmaster = read_postmaster(files.data)
    if postmaster is not None and is_postmaster(postmaster.pid, files.data):
        deadline = time.monotonic() + 60
        while not postmaster.ready and lock.is_held(files.alive) and time.monotonic() < deadline:
            if look(files).running:
                return True
            time.sleep(0.02)
            postmaster = read_postmaster(files.data) or postmaster
        if look(files).running:
            return True
        stop(files)  # it runs, but its socket was deleted
    _clear(files)
    return False


def _clear(files: Files) -> None:
    """See that no process is left; a stale pid file would stop the next start if its pid lives."""
    if not _freed(files, 3):
        end_orphans(files.data, server_account(files.data))
        if not _freed(files, 5):
            raise EmbeddedError(
                "processes of the embedded PostgreSQL do not end",
                where=str(files.data),
                hint="end the processes that use this directory, then try again",
            )
    with contextlib.suppress(FileNotFoundError):
        (files.data / "postmaster.pid").unlink()


def _freed(files: Files, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while lock.is_held(files.alive):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True
