"""A backup's files on this machine, each with the checksum that its manifest says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiro_db.backup import packing
from chiro_db.backup.inventory import Copy
from chiro_db.backup.manifest import Manifest
from chiro_db.errors import ChirodbError


@contextmanager
def fetched(copy: Copy) -> Iterator[tuple[Path, Manifest]]:
    """Read in place where it is here; ChirodbError for what is damaged, missing or swapped."""
    made = copy.manifest
    if made is None:
        raise ChirodbError(copy.problem or "the manifest is damaged", where=copy.store.where)
    place = copy.store.place(made.service, made.id)
    if place is not None:
        for name, file in made.files.items():
            if not (place / name).is_file():
                raise _wrong(copy, name, "is missing")
            if (place / name).stat().st_size != file["size"]:
                raise _wrong(copy, name, "is truncated or has grown")
            if packing.sha256(place / name) != file["sha256"]:
                raise _wrong(copy, name, "is not what was written: its checksum is another")
        yield place, made
        return
    with tempfile.TemporaryDirectory(prefix="chirodb-") as temp:
        for name, file in made.files.items():
            path = Path(temp) / name
            path.parent.mkdir(exist_ok=True)
            with packing.HashedFile(path) as target:
                copy.store.fetch(made.service, made.id, name, target)
                written = target.finish()
            if written.sha256 != file["sha256"]:
                raise _wrong(copy, name, "is not what was written: its checksum is another")
        yield Path(temp), made


def _wrong(copy: Copy, name: str, problem: str) -> ChirodbError:
    return ChirodbError(f"`{name}` {problem}", where=copy.store.where)
