"""Runs of pg_dump: what it is told, and what it says when it fails."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from chiro_db.backup import archive, libpq
from chiro_db.backup.client import Client
from chiro_db.catalog.connect import Where
from chiro_db.errors import ChirodbError


@dataclass(frozen=True)
class Order:
    """What is to be dumped, and how."""

    id: str
    service: str
    schema: str
    role: str
    recipients: tuple[str, ...] = ()
    jobs: int = 0  # the directory format, where there are any
    lock_wait: float = 60.0  # seconds

    @property
    def application(self) -> str:
        """How its connections are called on the server, which cuts names at 63 bytes."""
        return f"chirodb backup {self.id}"


@dataclass
class Progress:
    """What another thread may look at while the dump goes on."""

    application: str  # how its connections are called
    expected: int  # bytes of the tables on the server's disk
    read: int = 0  # bytes that came from pg_dump
    doing: str = "waiting"
    waits_for: str | None = None  # who holds a lock, or held one
    waits_now: bool = False
    copies: bool = False  # pg_dump writes itself, so that the server is asked
    copied: dict[int, int] = field(default_factory=dict)  # bytes by table, as the server says


@dataclass(frozen=True)
class Source:
    """The server's side: a snapshot that is held open, and the programs that fit it."""

    to: Where
    client: Client
    snapshot: str
    lsn: str | None
    server: str
    system: str
    digest: str
    target: str = ""
    replaced: bool = False


@dataclass
class Processes:
    """The client programs of a run, so that Ctrl-C ends them all."""

    stopped: bool = False
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, command: Sequence[str], to: Where, talk: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self.stopped:
                raise ChirodbError("interrupted")
            process = subprocess.Popen(
                list(command),
                env=libpq.environment(to),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=talk,
                pipesize=1 << 20,
            )
            self._running.add(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            for process in self._running:
                process.terminate()


def command(order: Order, source: Source) -> list[str]:
    """Literal names: in double quotes no character of a pattern is one."""
    pattern = '"' + order.schema.replace('"', '""') + '"'
    return [
        str(source.client.dump),
        f"--dbname={libpq.conninfo(source.to, source.to.database, order.application)}",
        "--no-password",
        f"--role={order.role}",
        f"--snapshot={source.snapshot}",
        f"--schema={pattern}",
        "--strict-names",
        "--no-sync",  # we do that
        f"--lock-wait-timeout={max(1, int(order.lock_wait * 1000))}",
    ]


def run(
    order: Order, source: Source, command: list[str], processes: Processes, progress: Progress
) -> None:
    with tempfile.TemporaryFile() as talk:
        process = processes.start(command, source.to, talk)
        try:
            check(order, process, talk, processes, progress)
        finally:
            processes.end(process)


def check(
    order: Order,
    process: subprocess.Popen[bytes],
    talk: IO[bytes],
    processes: Processes,
    progress: Progress,
) -> None:
    """ChirodbError in a user's words where pg_dump did not end well."""
    if process.wait() == 0:
        return
    if processes.stopped:
        raise ChirodbError("interrupted")
    talk.seek(0)
    said = talk.read()
    last = archive.last_words(said)
    if b"due to statement timeout" in said:  # with which pg_dump limits its LOCK TABLE
        who = progress.waits_for or "somebody"
        raise ChirodbError(
            f"waited {order.lock_wait:g} s for a lock that {who} holds",
            hint="try again when that session is done, or with a longer --lock-wait-timeout",
        )
    hints = (
        ("No space left on device", "make room, `chirodb backup prune` say, or name another store"),
        (
            "row-level security policy",
            "a backup without the hidden rows would be none: let the role that reads own the"
            " table without FORCE ROW LEVEL SECURITY, or give it BYPASSRLS",
        ),
        (
            "permission denied to set role",
            f"let the connected role act as `{order.role}`, or name another as `backup: role:`",
        ),
        (
            "permission denied",
            f"`{order.role}` reads: what another role made in the schema is drift (`chirodb plan`"
            " shows it); a role of `backup: role:` needs a grant with `level: read`",
        ),
    )
    hint = next((hint for word, hint in hints if word in said.decode(errors="replace")), None)
    raise ChirodbError(f"pg_dump fails: {last}", hint=hint)
