"""Bringing the server up; the caller holds the lock and has seen that none runs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from chiro_db import lock
from chiro_db.embedded.account import Account, server_account
from chiro_db.embedded.binaries import server
from chiro_db.embedded.endpoint import free_port, is_free, socket_directory
from chiro_db.embedded.files import Files
from chiro_db.embedded.initialise import initialise
from chiro_db.embedded.launch import complaints, launch, log_size, write_configuration
from chiro_db.embedded.reachable import programs
from chiro_db.embedded.status import look, read_record
from chiro_db.errors import EmbeddedError

_PATIENCE = 60  # seconds, for recovery after a crash


def start(files: Files, held: int) -> None:
    """Raises EmbeddedError with the server's last words."""
    account = server_account(files.data)
    bindir, version = programs(server(), files.directory, account)
    if not files.data.exists():
        initialise(bindir, files, account, held)
    _check_version(files, bindir, version)
    remembered = read_record(files.record)
    port, sockets = remembered.get("port"), remembered.get("socket_directory")
    for attempt in range(3):
        port = free_port(files.directory, port)
        sockets = socket_directory(files.directory, Path(sockets) if sockets else None, account)
        _remember(files, port=port, socket_directory=str(sockets), version=version)
        configuration = write_configuration(files, bindir, port, sockets)
        since = log_size(files.log)
        if _comes_up(files, bindir, configuration, account):
            return
        if attempt == 2 or is_free(port):  # else someone took the port between look and start
            raise _failure(files, "the embedded PostgreSQL did not start", since)


def _comes_up(files: Files, bindir: Path, configuration: Path, account: Account | None) -> bool:
    """False as soon as the server has ended again."""
    alive = lock.hold(files.alive, 5)
    if alive is None:
        raise EmbeddedError(
            "processes of an earlier embedded PostgreSQL are still running",
            where=str(files.data),
            hint="end the processes that use this directory, then try again",
        )
    since = log_size(files.log)
    try:
        launch(files, bindir, configuration, account, alive)
    finally:
        os.close(alive)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if look(files).running:
            return True
        if not lock.is_held(files.alive):
            return False
        time.sleep(0.01)
    raise _failure(files, f"the embedded PostgreSQL is not ready after {_PATIENCE} seconds", since)


def _check_version(files: Files, bindir: Path, version: str) -> None:
    made_by = (files.data / "PG_VERSION").read_text().strip()
    if version.partition(".")[0] == made_by:
        return
    raise EmbeddedError(
        f"the embedded data is PostgreSQL {made_by}'s, but the server found is {version}",
        where=str(bindir),
        hint=f"set CHIRODB_PG_BINDIR to PostgreSQL {made_by}'s programs, "
        "or start afresh with `chirodb dev reset` (its data is lost)",
    )


def _remember(files: Files, **record: object) -> None:
    fresh = files.record.with_suffix(".new")
    fresh.write_text(json.dumps(record) + "\n")
    fresh.replace(files.record)


def _failure(files: Files, message: str, since: int) -> EmbeddedError:
    said = complaints(files.log, since)
    return EmbeddedError(
        "\n".join((message + (":" if said else ""), *said)),
        where=str(files.log),
        hint="the log says more; `chirodb dev reset` starts afresh (its data is lost)",
    )
