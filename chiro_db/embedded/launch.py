"""What `postgres` is started with, and what it said when it did not start."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chiro_db.embedded import binaries
from chiro_db.embedded.account import Account, run
from chiro_db.embedded.files import Files

_LOG_SIZE = 1_000_000  # bytes, after which a start begins a new log


def write_configuration(files: Files, bindir: Path, port: int, sockets: Path) -> Path:
    """Ours is the main file: the port may change, and ALTER SYSTEM still has the last word."""
    preload = "pg_stat_statements" if binaries.has_library(bindir, "pg_stat_statements") else ""
    path = files.directory / "postgresql.conf"
    fresh = path.with_suffix(".new")
    fresh.write_text(
        "# Written by chirodb at every start; use ALTER SYSTEM to change settings.\n"
        "include 'data/postgresql.conf'\n"
        f"port = {port}\n"
        "listen_addresses = '127.0.0.1'\n"
        f"unix_socket_directories = '\"{sockets}\"'\n"
        f"shared_preload_libraries = '{preload}'\n"
        "max_connections = 100\n"
        # POSIX shared memory is 64 MB in a container, and logind deletes it at log-out
        "dynamic_shared_memory_type = mmap\n"
        "logging_collector = off\n"
        "log_checkpoints = off\n"
    )
    fresh.chmod(0o644)
    fresh.replace(path)
    return path


def launch(
    files: Files, bindir: Path, configuration: Path, account: Account | None, alive: int
) -> None:
    """Every process of the server inherits `alive`; the shell leaves them for init to reap."""
    if files.log.exists() and files.log.stat().st_size > _LOG_SIZE:
        files.log.replace(files.log.with_suffix(".old"))
    log = os.open(files.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        server = (bindir / "postgres", "-D", files.data, "-c", f"config_file={configuration}")
        run(("/bin/sh", "-c", '"$@" &', "sh", *server), account, 10, pass_fds=(alive,), output=log)
    finally:
        os.close(log)


def log_size(log: Path) -> int:
    """Bytes; what comes after them is of the next start."""
    return log.stat().st_size if log.exists() else 0


def complaints(log: Path, since: int) -> list[str]:
    """What a start that failed wrote from the byte `since` on: its last words."""
    try:
        with log.open("rb") as file:
            file.seek(since if since <= log_size(log) else 0)  # a new log was begun
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    lines = [re.sub(r"^\d{4}-\S+ \S+ \S+ \[\d+\] ", "", line) for line in lines]
    ordinary = ("HINT:", "LOG:  database system is shut down", "LOG:  starting PostgreSQL")
    return [line for line in lines if not line.startswith(ordinary)][-3:]
