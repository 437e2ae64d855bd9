"""One service into one folder: pg_dump in the run's snapshot, read back, described."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from chiro_db import __version__
from chiro_db.backup import archive, definitions, packing, pg_dump, prerequisites
from chiro_db.backup.archive import Archive
from chiro_db.backup.encryption import Identity
from chiro_db.backup.manifest import NAME, Manifest, dumps
from chiro_db.backup.packing import Written
from chiro_db.backup.pg_dump import Order, Processes, Progress, Source
from chiro_db.backup.prerequisites import Prerequisites

PREREQUISITES = "prerequisites.sql"


def dump(
    order: Order,
    source: Source,
    needed: Prerequisites,
    folder: Path,
    processes: Processes,
    progress: Progress,
) -> Manifest:
    """Leaves the folder complete, read back and on the disk, its manifest written last."""
    started = datetime.now(UTC)
    once = Identity() if order.recipients else None
    keys = [once.key] if once else []
    progress.doing = "prerequisites"
    files = [_prerequisites(order, source, needed, folder, processes, once)]
    progress.doing = "dumping"
    files += _archive(order, source, folder, processes, progress, once)
    ended, dumped = datetime.now(UTC), time.monotonic()
    progress.doing = "reading back"
    rows = archive.counted(Archive(folder / files[1].name.partition("/")[0], keys), source.client)
    manifest = Manifest(
        id=order.id,
        service=order.service,
        schema=order.schema,
        database=source.to.database,
        server=source.server,
        system=source.system,
        pg_dump=source.client.version,
        chirodb=__version__,
        spec=source.digest,
        target=source.target,
        replaced=source.replaced,
        role=order.role,
        start=started.isoformat(timespec="milliseconds"),
        end=ended.isoformat(timespec="milliseconds"),
        snapshot=source.snapshot,
        lsn=source.lsn,
        format="directory" if order.jobs else "custom",
        encrypted=once is not None,
        files={f.name: {"size": f.size, "sha256": f.sha256} for f in files},
        rows=rows,
        requires=_requires(needed),
        left_out=_left_out(needed),
        read_back={"seconds": round(time.monotonic() - dumped, 3)},
    )
    _write(folder / NAME, dumps(manifest).encode())
    packing.sync(folder)
    return manifest


def _archive(
    order: Order,
    source: Source,
    folder: Path,
    processes: Processes,
    progress: Progress,
    once: Identity | None,
) -> list[Written]:
    command = pg_dump.command(order, source)
    if order.jobs:
        place = folder / archive.DIRECTORY
        command += ["--format=directory", f"--jobs={order.jobs}", f"--file={place}"]
        command.append(f"--compress={source.client.compression()}")
        pg_dump.run(order, source, command, processes, progress)
        for path in place.iterdir():
            _to_disk(path)
        packing.sync(place)
        paths = sorted(place.iterdir())
        return [
            Written(f"{place.name}/{p.name}", p.stat().st_size, packing.sha256(p)) for p in paths
        ]
    name = archive.CUSTOM + (".age" if once else "")
    command += ["--format=custom", "--compress=0"]
    with tempfile.TemporaryFile() as talk:
        process = processes.start(command, source.to, talk)
        try:
            if process.stdout is None:
                raise RuntimeError("pg_dump has no output")
            counting = _Counting(process.stdout, progress)
            written = packing.pack(counting, folder / name, order.recipients, once)
            pg_dump.check(order, process, talk, processes, progress)
        finally:
            processes.end(process)
    return [written]


class _Counting:
    """pg_dump's output, and how much of it there was."""

    def __init__(self, source: IO[bytes], progress: Progress) -> None:
        self._source, self._progress = source, progress

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self._progress.read += len(chunk)
        return chunk


def _prerequisites(
    order: Order,
    source: Source,
    needed: Prerequisites,
    folder: Path,
    processes: Processes,
    once: Identity | None,
) -> Written:
    made = definitions.read(order, source, needed, processes) if needed.dumped else []
    text = prerequisites.script(needed, order.schema, made).encode()
    path = folder / (PREREQUISITES + (".age" if once else ""))
    with packing.HashedFile(path) as target:
        packing.put(_Bytes(text), target, order.recipients, once)
        return target.finish()


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        end = len(self._content) if size < 0 else size
        part, self._content = self._content[:end], self._content[end:]
        return part


def _requires(needed: Prerequisites) -> dict[str, object]:
    return {
        "roles": list(needed.roles),
        "extensions": [name for name, _ in needed.extensions],
        "objects": [f"{need.type} {need.identity}" for need in needed.dumped],
        "relations": [[r.schema, r.name] for r in needed.relations],
        "foreign_keys": [list(key) for key in needed.foreign_keys],
        "bodies": [[m.function, m.schema, m.name, m.extension] for m in needed.mentions],
    }


def _left_out(needed: Prerequisites) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for kind, name in needed.left_out:
        kinds.setdefault(kind, []).append(name)
    if needed.mentions:
        kinds["named in bodies of functions alone"] = [str(m) for m in needed.mentions]
    return kinds


def _write(path: Path, content: bytes) -> None:
    with packing.HashedFile(path) as target:
        target.write(content)
        target.finish()


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
