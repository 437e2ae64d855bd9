"""A server for one purpose, gone afterwards; the next clears what a killed command left of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiro_db import lock
from chiro_db.embedded.cluster import Cluster
from chiro_db.embedded.place import claim

_PREFIX = "throwaway-"


@contextmanager
def throwaway(root: Path) -> Iterator[str]:
    """The conninfo of its superuser; its files are in a directory of `root`."""
    _sweep(root)
    directory = root / f"{_PREFIX}{secrets.token_hex(6)}"
    cluster = Cluster(directory)
    held = None
    claim(directory, directory / "none")  # makes the parents, for the mark
    try:
        held = lock.hold(_mark(directory), 5)
        yield cluster.start()
    finally:
        cluster.reset()
        if held is not None:
            _mark(directory).unlink(missing_ok=True)
            os.close(held)


def _mark(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.lock")


def _sweep(root: Path) -> None:
    for mark in root.glob(f"{_PREFIX}*.lock"):
        if not lock.is_held(mark):
            Cluster(mark.with_suffix("")).reset()  # also what has no data yet
            mark.unlink(missing_ok=True)
