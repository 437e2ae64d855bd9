"""An archive back into a database, in the transaction that is open: all of it or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiro_db.backup import bodies, contents, packing, place, sending
from chiro_db.backup.archive import Archive
from chiro_db.backup.client import Client
from chiro_db.backup.contents import Contents
from chiro_db.backup.dump import PREREQUISITES
from chiro_db.backup.manifest import Manifest
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


@dataclass(frozen=True)
class Source:
    """A backup whose files are on this machine, and whose checksums were right."""

    folder: Path
    manifest: Manifest
    client: Client
    keys: Sequence[Any] = ()

    @property
    def archive(self) -> Archive:
        return Archive(self.folder / self.manifest.archive, self.keys)

    def prerequisites(self) -> str:
        """The text of prerequisites.sql."""
        name = next(n for n in self.manifest.files if n.startswith(PREREQUISITES))
        return packing.small(self.folder / name, self.keys).decode()


@dataclass
class Advance:
    """What others may look at while a restore goes on."""

    expected: int  # rows
    rows: int = 0
    read: int = 0  # bytes of them
    doing: str = "checksums"

    def saw(self, table: str, rows: int, read: int) -> None:
        """Of rows that went by."""
        self.doing = table
        self.rows += rows
        self.read += read


Watch = Callable[[Advance], None]


@dataclass(frozen=True)
class Restored:
    """What was done, and what could not be."""

    rows: int
    left_out: tuple[str, ...] = ()  # foreign keys whose table is not there
    lacking: tuple[str, ...] = ()  # what bodies of functions name, and is not there


@dataclass(frozen=True)
class Begun:
    """A schema with its tables, into which the rows can go."""

    chosen: Contents
    options: tuple[str, ...]  # of pg_restore
    strangers: tuple[str, ...]  # who were let in


def restore(
    connection: Connection,
    source: Source,
    *,
    replace: bool = False,
    under: str | None = None,
    tablespaces: bool = True,
    watch: Watch = lambda _: None,
) -> Restored:
    """RefusedError where a schema of that name is there already, unless it may be replaced."""
    made = source.manifest
    advance = Advance(sum(made.rows.values()))
    connection.execute("SET LOCAL search_path = ''")
    aside = place.make_room(connection, made.schema, replace=replace, under=under)
    with tempfile.TemporaryDirectory(prefix="chirodb-") as temp:
        advance.doing = "definitions"
        watch(advance)
        begun = begin(connection, source, Path(temp), tablespaces=tablespaces)

        def sent(table: str, rows: int, read: int) -> None:
            advance.saw(table, rows, read)
            watch(advance)

        rows = sending.rows(connection, source.archive, source.client, begun.options, sent)
        advance.doing = "indexes and constraints"
        watch(advance)
        done = finish(connection, source, begun, rows)
        if under is not None:
            place.rename(connection, made.schema, under)
        if aside is not None:
            place.rename(connection, aside, made.schema)
        advance.doing = "privileges"
        watch(advance)
        return done


def begin(connection: Connection, source: Source, temp: Path, *, tablespaces: bool = True) -> Begun:
    """All but rows, indexes and constraints; the lists of entries go to `temp`."""
    made = source.manifest
    missing = contents.missing(connection, made)
    owners = [str(role) for role in made.requires.get("roles", ())]
    with (
        place.as_member_of_new(connection, owners),
        sending.explained("prerequisites.sql", source.prerequisites()) as sql,
    ):
        connection.execute(sql.encode())
    chosen = contents.choose(source.archive, source.client, made, missing, temp)
    options = ("--no-privileges", *(() if tablespaces else ("--no-tablespaces",)))
    archive, client = source.archive, source.client
    if not place.exists(connection, made.schema):
        first = (*options, f"--use-list={chosen.schema}")
        sending.definitions(connection, archive, client, "pre-data", first)
    options = (*options, f"--use-list={chosen.rest}")
    strangers = place.strangers(connection, made.schema, owners)
    place.let_in(connection, made.schema, strangers)
    sending.definitions(connection, archive, client, "pre-data", options)
    return Begun(chosen, options, tuple(strangers))


def finish(connection: Connection, source: Source, begun: Begun, rows: dict[str, int]) -> Restored:
    """Indexes, constraints and triggers; ChirodbError where rows are missing."""
    made = source.manifest
    sending.definitions(connection, source.archive, source.client, "post-data", begun.options)
    place.let_out(connection, made.schema, begun.strangers)
    if dict(made.rows) != rows:
        raise ChirodbError("the archive holds other rows than its manifest says")
    lacking = bodies.lacking(connection, made)
    return Restored(sum(rows.values()), begun.chosen.left_out, tuple(lacking))
