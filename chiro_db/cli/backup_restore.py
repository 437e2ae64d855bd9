"""`chirodb backup restore`: one service back, in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chiro_db.cli.backup_stores import BindirOption, StoreOption
from chiro_db.cli.backup_verify import IdentityOption
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.cli.options import LockTimeoutOption
from chiro_db.errors import ChirodbError, RefusedError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.backup.client import Client
    from chiro_db.backup.inventory import Backup
    from chiro_db.backup.manifest import Manifest
    from chiro_db.backup.restore import Restored
    from chiro_db.backup.settings import Settings
    from chiro_db.backup.store import Store


def restore(
    service: Annotated[str, typer.Argument(help="The service.", metavar="SERVICE")],
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    store: StoreOption = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="The id of a backup, or a time: the last one before it; else the newest.",
            metavar="TIME|ID",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option("--into", help="Another database, made if need be.", metavar="DATABASE"),
    ] = None,
    under: Annotated[
        str | None,
        typer.Option("--as", help="Another name, beside what is there.", metavar="SCHEMA"),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the place of what is there, after a backup of it."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    lock_timeout: LockTimeoutOption = 5.0,
    identity: IdentityOption = None,
    bindir: BindirOption = None,
) -> None:
    """Restore a service from a backup, in one transaction."""
    from chiro_db.backup import inventory
    from chiro_db.backup.choice import choose
    from chiro_db.backup.client import reader
    from chiro_db.backup.encryption import identities
    from chiro_db.cli.backup_stores import chosen
    from chiro_db.cli.connecting import job
    from chiro_db.model.secret import read

    if replace and under is not None:
        raise ChirodbError("--replace and --as exclude each other")
    about = job(spec, target, url, [service], secrets=under is None)
    ((settings, stores),) = chosen(about.loaded, about.target, [service], store)
    keys = identities(identity) if identity is not None else ()
    meant = choose(inventory.take([(settings, stores)]), service, at)
    if into is not None:
        about = _elsewhere(about, into)
    place = f"target {about.target}, " if about.target else ""
    name = under or settings.schema
    typer.echo(
        f"{place}server {about.to}, database {about.to.database}: schema {name} from {meant.id}",
        err=True,
    )
    if under is None:
        read(about.secrets, about.secrets)  # the spec is applied at the end, which may need them
    if replace:
        _confirm(about, settings, yes)
        _back_up(about, settings, stores, bindir)
    client = reader(bindir)
    done = _restored(about, meant, client, keys, under, replace, lock_timeout)
    typer.echo(f"Restored {service} of {meant.started:%Y-%m-%d %H:%M:%S} UTC: {done.rows:,} rows")
    for missing in done.left_out:
        typer.echo(f"warning: without {missing}, which has no such rows here", err=True)


def _confirm(about: Job, settings: Settings, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("there is no terminal to ask on", hint="--yes replaces without asking")
    question = f"Replace schema {settings.schema} in {about.to.database}?"
    if not typer.confirm(question, err=True):
        raise RefusedError("not confirmed; nothing was changed")


def _back_up(about: Job, settings: Settings, stores: list[Store], bindir: Path | None) -> None:
    """What is there, if anything is; a failure of this ends the restore."""
    from chiro_db.backup.run import Asked
    from chiro_db.catalog.connect import connected
    from chiro_db.cli.backup_run import watched

    with connected(about.to) as connection:
        query = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s"
        if connection.execute(query, [settings.schema]).fetchone() is None:
            return
    asked = Asked(about.to, about.loaded.digest, [(settings, stores)], bindir=bindir)
    (outcome,) = watched(asked)
    if outcome.problems:
        raise outcome.problems[0]
    if outcome.manifest is not None:
        typer.echo(f"backed up what is there: {outcome.manifest.id}", err=True)


def _restored(
    about: Job,
    meant: Backup,
    client: Client,
    keys: Sequence[Any],
    under: str | None,
    replace: bool,
    lock_timeout: float,
) -> Restored:
    """From the first copy that is whole; then the spec's privileges, in the same transaction."""
    from chiro_db.apply.settling import settling
    from chiro_db.backup.restore import Source
    from chiro_db.backup.restore import restore as carry_out
    from chiro_db.catalog.connect import connected

    with ExitStack() as stack:
        folder, manifest = _whole(meant, stack)
        source = Source(folder, manifest, client, keys)
        connection = stack.enter_context(connected(about.to))
        if under is not None:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {int(lock_timeout * 1000)}".encode())
                return carry_out(connection, source, under=under)
        with settling(connection, about, lock_timeout=lock_timeout):
            return carry_out(connection, source, replace=replace)


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


def _elsewhere(about: Job, database: str) -> Job:
    """The same spec for another database of the server, which is made if it is not there."""
    from chiro_db.catalog.connect import MAINTENANCE, Where, connected
    from chiro_db.sql import Name, statement

    with connected(about.to, MAINTENANCE) as connection:
        query = "SELECT FROM pg_catalog.pg_database WHERE datname = %s"
        if connection.execute(query, [database]).fetchone() is None:
            connection.execute(statement("backup/create_database", name=Name(database)).encode())
            typer.echo(f"made the database {database}", err=True)
    spec = about.loaded.spec
    named = spec.database.model_copy(update={"name": database})
    loaded = changed(about.loaded, spec=spec.model_copy(update={"database": named}))
    return changed(about, loaded=loaded, to=Where(about.to.parameters, database))
