"""Files that npm's registry has and PyPI has not, checked against what was published."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path


class MissingError(Exception):
    """Something is not here, or cannot be had."""


def cache() -> Path:
    """Where it is kept from one run to the next."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "chirodb"


def file(package: str, version: str, digest: str, path: str) -> Path:
    """One file of a package, from the cache or fetched into it."""
    kept = cache() / "npm" / f"{package.replace('/', '-')}-{version}" / path
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as temp:
            archive = fetch(package, version, digest, Path(temp))
            subprocess.run(["tar", "-xzf", archive, "-C", temp], check=True)  # noqa: S607
            (Path(temp) / "package" / path).replace(kept)
    return kept


def fetch(package: str, version: str, digest: str, temp: Path) -> Path:
    """The archive, put into `temp`; its SHA-512 in base64 must be the digest.

    By npm, which knows its registry and how to log in there; else by plain HTTPS.
    """
    if npm := shutil.which("npm"):
        command = [npm, "pack", "--loglevel=error", "--pack-destination", str(temp)]
        command.append(f"{package}@{version}")
        done = subprocess.run(command, cwd=temp, capture_output=True, text=True, check=False)
        archives = list(temp.glob("*.tgz"))
        if done.returncode or not archives:
            raise MissingError(f"`npm pack` fails: {done.stderr.strip() or done.stdout.strip()}")
        archive = archives[0]
    else:
        registry = os.environ.get("NPM_CONFIG_REGISTRY") or "https://registry.npmjs.org"
        name = package.rpartition("/")[2]
        url = f"{registry.rstrip('/')}/{package}/-/{name}-{version}.tgz"
        archive = temp / "package.tgz"
        try:
            with (
                urllib.request.urlopen(url, timeout=60) as body,  # noqa: S310  the registry's own
                archive.open("wb") as file,
            ):
                shutil.copyfileobj(body, file)
        except OSError as error:
            raise MissingError(f"{package} {version} cannot be fetched: {error}") from error
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != digest:
        raise MissingError(f"what came for {package} {version} is not what was published")
    return archive
