"""Types and functions of other schemas that a schema needs, in pg_dump's own words."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from chiro_db.backup import archive
from chiro_db.backup.client import Client
from chiro_db.backup.pg_dump import Order, Processes, Progress, Source, command, run
from chiro_db.backup.prerequisites import Need, Prerequisites
from chiro_db.errors import ChirodbError


def read(
    order: Order, source: Source, needed: Prerequisites, processes: Processes
) -> list[tuple[Need, str]]:
    """Types and functions of other schemas, by pg_dump itself: without their tables and rows."""
    schemas = sorted({need.schema for need in needed.dumped if need.schema})
    quoted = ['"' + name.replace('"', '""') + '"' for name in schemas]
    arguments = [a for a in command(order, source) if not a.startswith("--schema=")]
    arguments += ["--schema-only", "--format=custom", *(f"--schema={q}" for q in quoted)]
    arguments += [f"--exclude-table={q}.*" for q in quoted]
    by_object = {(need.class_id, need.id): need for need in needed.dumped}
    found: list[tuple[Need, str]] = []
    with tempfile.TemporaryDirectory(prefix="chirodb-") as temp:
        path = Path(temp) / "definitions"
        run(
            order, source, [*arguments, f"--file={path}"], processes, Progress(order.application, 0)
        )
        for line in _listed(source.client, path):
            entry = re.match(r"\d+; (\d+) (\d+) ", line)
            need = by_object.get((int(entry[1]), int(entry[2]))) if entry else None
            if need is not None:
                (Path(temp) / "list").write_text(line + "\n", encoding="utf-8")
                sql = _restored(source.client, f"--use-list={temp}/list", str(path))
                found.append((need, _definition(sql)))
    return found


def _listed(client: Client, path: Path) -> list[str]:
    return _restored(client, "--list", str(path)).splitlines()


def _restored(client: Client, *arguments: str) -> str:
    output = [] if "--list" in arguments else ["--file=-"]
    done = subprocess.run(
        [str(client.restore), *output, *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise ChirodbError(f"pg_restore fails: {archive.last_words(done.stderr)}")
    return done.stdout.decode()


def _definition(sql: str) -> str:
    """What is between the settings at the top and the comments at the end."""
    body = sql.partition("\n-- Name: ")[2].partition("\n\n")[2]
    return body.rpartition("\n--\n-- PostgreSQL database dump complete")[0].strip().rstrip(";")
