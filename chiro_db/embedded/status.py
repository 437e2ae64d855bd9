"""Whether the server runs and where: read from files and one connect(), far below a millisecond."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chiro_db.embedded.files import Files


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a cluster; of one that does not run, what the last start left."""

    running: bool
    pid: int | None
    port: int | None
    socket_directory: Path | None
    data_directory: Path
    passfile: Path
    version: str | None
    conninfo: str | None


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What a server writes about itself in `postmaster.pid`; may be left from a dead one."""

    pid: int
    port: int | None  # None, like the socket, until the server listens
    socket_directory: Path | None
    ready: bool

    def answers(self) -> bool:
        """Whether a server listens there now; it logs nothing about such a visit."""
        if not self.ready or self.socket_directory is None:
            return False
        path = self.socket_directory / f".s.PGSQL.{self.port}"
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(2)
            try:
                visitor.connect(str(path))
            except BlockingIOError:  # its queue is full: busy, but there
                return True
            except OSError:
                return False
        return True


def look(files: Files) -> Status:
    """Takes no lock and changes nothing."""
    record = read_record(files.record)
    port, sockets = record.get("port"), record.get("socket_directory")
    postmaster = read_postmaster(files.data)
    if postmaster is None or not postmaster.answers():
        return Status(
            running=False,
            pid=None,
            port=port,
            socket_directory=Path(sockets) if sockets else None,
            data_directory=files.data,
            passfile=files.passfile,
            version=record.get("version"),
            conninfo=None,
        )
    return Status(
        running=True,
        pid=postmaster.pid,
        port=postmaster.port,
        socket_directory=postmaster.socket_directory,
        data_directory=files.data,
        passfile=files.passfile,
        version=record.get("version"),
        conninfo=_conninfo(
            host=postmaster.socket_directory,
            port=postmaster.port,
            user="postgres",
            passfile=files.passfile,
        ),
    )


def read_postmaster(data: Path) -> Postmaster | None:
    """None where no server was started since the last clean stop."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
        if len(lines) < 8:
            return Postmaster(int(lines[0]), None, None, ready=False)
        return Postmaster(int(lines[0]), int(lines[3]), Path(lines[4]), lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def read_record(path: Path) -> dict[str, Any]:
    """Port, socket directory and version of the last start; empty before the first."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _conninfo(**parameters: object) -> str:
    return " ".join(f"{name}={_value(str(value))}" for name, value in parameters.items())


def _value(text: str) -> str:
    """Quoted as libpq wants it."""
    if text and not set(text) & set(" \t\n'\\"):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
