"""Which entries of an archive are restored, as lists for pg_restore."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chiro_db.backup.archive import Archive
from chiro_db.backup.client import Client
from chiro_db.backup.manifest import Manifest
from chiro_db.backup.prerequisites import STAND_IN
from chiro_db.backup.sending import query
from chiro_db.sql import Name

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

_SCHEMA, _CONSTRAINT = 2615, 2606  # OIDs of pg_namespace and pg_constraint


@dataclass(frozen=True)
class Contents:
    """Files for --use-list, and the foreign keys that are in neither."""

    schema: Path  # the schema itself
    rest: Path
    left_out: tuple[str, ...]


def missing(connection: Connection, made: Manifest) -> set[tuple[str, str]]:
    """Relations of other schemas that only prerequisites.sql makes or made, without rows."""
    relations = [(str(s), str(n)) for s, n in made.requires.get("relations", ())]
    text = query("stands_in")
    found = set()
    for schema, name in relations:
        given = {"name": str(Name(schema, name)), "comment": STAND_IN}
        row = connection.execute(text, given).fetchone()
        if row is None or row[0]:
            found.add((schema, name))
    return found


def choose(
    archive: Archive, client: Client, made: Manifest, absent: set[tuple[str, str]], temp: Path
) -> Contents:
    """Without the keys to relations that are not there, whose rows nobody has here."""
    keys: dict[int, str] = {
        int(oid): f"foreign key {name} of {table} to {Name(schema, other)}"
        for oid, table, name, schema, other in made.requires.get("foreign_keys", ())
        if (schema, other) in absent
    }
    of_schema: list[str] = []
    rest: list[str] = []
    for line in archive.text(client, "--list").split("\n"):
        found = re.match(r"\d+; (\d+) (\d+) ", line)
        catalog, oid = (int(found[1]), int(found[2])) if found else (0, 0)
        if catalog == _SCHEMA:
            of_schema.append(line)
        elif line and (catalog != _CONSTRAINT or oid not in keys):
            rest.append(line)
    for name, lines in (("schema", of_schema), ("rest", rest)):
        (temp / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Contents(temp / "schema", temp / "rest", tuple(keys.values()))
