"""A restore carried out: from the first whole copy, by one process or several."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.backup.client import Client
    from chiro_db.backup.inventory import Backup
    from chiro_db.backup.manifest import Manifest
    from chiro_db.backup.restore import Restored


@dataclass(frozen=True)
class How:
    """What the options say."""

    client: Client
    keys: Sequence[Any]
    under: str | None
    replace: bool
    jobs: int
    lock_timeout: float


def restored(about: Job, meant: Backup, how: How) -> Restored:
    """From the first copy that is whole; then the spec's privileges, in the same transaction."""
    from chiro_db.apply.settling import settling
    from chiro_db.backup import several
    from chiro_db.backup.place import writing
    from chiro_db.backup.restore import Advance, Source, restore
    from chiro_db.catalog.connect import connected
    from chiro_db.cli.backup_progress import reading

    with ExitStack() as stack:
        watch = stack.enter_context(reading(meant.service))
        if meant.manifest is not None:
            watch(Advance(sum(meant.manifest.rows.values())))
        folder, manifest = _whole(meant, stack)
        source = Source(folder, manifest, how.client, how.keys)
        connection = stack.enter_context(connected(about.to))
        crew = None
        if how.jobs > 1 and _can_share(about, manifest):
            crew = stack.enter_context(several.several(about.to, how.jobs, how.lock_timeout))
        if how.under is not None:
            stack.enter_context(writing(connection))
            connection.execute(f"SET LOCAL lock_timeout = {int(how.lock_timeout * 1000)}".encode())
        else:
            stack.enter_context(settling(connection, about, lock_timeout=how.lock_timeout))
        if crew is not None:
            return several.restore(connection, source, crew, under=how.under, watch=watch)
        return restore(connection, source, replace=how.replace, under=how.under, watch=watch)


def _can_share(about: Job, made: Manifest) -> bool:
    """Several processes read one archive only as files, and rename or replace no schema."""
    problem = None
    if made.format != "directory":
        problem = "the backup is one stream (`backup run --jobs` makes one of files)"
    elif is_there(about, made.schema):
        problem = f"the schema {made.schema} is there, which takes one transaction"
    if problem is not None:
        typer.echo(f"one process restores it: {problem}", err=True)
    return problem is None


def _whole(meant: Backup, stack: ExitStack) -> tuple[Path, Manifest]:
    from chiro_db.backup.fetch import fetched
    from chiro_db.report.errors import lines

    failed: ChirodbError | None = None
    for copy in meant.copies:
        try:
            return stack.enter_context(fetched(copy))
        except ChirodbError as error:
            if failed is not None:
                typer.echo(lines(failed)[0], err=True)
            failed = error
    raise failed or ChirodbError(f"no store has {meant.id}")


def is_there(about: Job, schema: str) -> bool:
    from chiro_db.backup.place import exists
    from chiro_db.catalog.connect import connected_if_exists

    with connected_if_exists(about.to) as connection:
        return connection.info.dbname == about.to.database and exists(connection, schema)


def elsewhere(about: Job, database: str) -> Job:
    """The same spec for another database of the server."""
    from chiro_db.catalog.connect import Where

    spec = about.loaded.spec
    named = spec.database.model_copy(update={"name": database})
    loaded = changed(about.loaded, spec=spec.model_copy(update={"database": named}))
    return changed(about, loaded=loaded, to=Where(about.to.parameters, database))


def make_database(about: Job) -> None:
    """If it is not there: with the service alone in it."""
    from chiro_db.catalog.connect import connected_if_exists
    from chiro_db.sql import Name, statement

    name = about.to.database
    with connected_if_exists(about.to) as connection:
        if connection.info.dbname != name:
            connection.execute(statement("backup/create_database", name=Name(name)).encode())
            typer.echo(f"made the database {name}", err=True)
