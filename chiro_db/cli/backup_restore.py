"""`chirodb backup restore`: one service back, in one transaction where one process does it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli import completing, hazards
from chiro_db.cli.backup_stores import BindirOption, StoreOption
from chiro_db.cli.backup_verify import IdentityOption
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.cli.hazards import AllowOption
from chiro_db.cli.options import LockTimeoutOption
from chiro_db.errors import ChirodbError, RefusedError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.backup.settings import Settings
    from chiro_db.backup.store import Store


def restore(
    service: Annotated[
        str,
        typer.Argument(help="The service.", metavar="SERVICE", autocompletion=completing.services),
    ],
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
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Tables side by side, where the backup has the directory format.",
            metavar="N",
        ),
    ] = 1,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    allow: AllowOption = None,
    lock_timeout: LockTimeoutOption = 5.0,
    identity: IdentityOption = None,
    bindir: BindirOption = None,
) -> None:
    """Restore a service from a backup: all of it or nothing."""
    from chiro_db.backup import inventory
    from chiro_db.backup.choice import choose
    from chiro_db.backup.client import reader
    from chiro_db.backup.encryption import identities
    from chiro_db.cli.backup_restoring import How, elsewhere, is_there, make_database, restored
    from chiro_db.cli.backup_stores import chosen
    from chiro_db.cli.connecting import job
    from chiro_db.model.secret import read

    allowed = hazards.named(allow)
    if replace and under is not None:
        raise ChirodbError("--replace and --as exclude each other")
    about = job(spec, target, url, [service], secrets=under is None)
    ((settings, stores),) = chosen(about.loaded, about.target, [service], store)
    keys = identities(identity) if identity is not None else ()
    meant = choose(inventory.take([(settings, stores)]), service, at)
    if into is not None:
        about = elsewhere(about, into)
    place = f"target {about.target}, " if about.target else ""
    name = under or settings.schema
    origin = f" of {meant.elsewhere}" if meant.elsewhere else ""
    typer.echo(
        f"{place}server {about.to}, database {about.to.database}:"
        f" schema {name} from {meant.id}{origin}",
        err=True,
    )
    if under is None:
        read(about.secrets, about.secrets)  # the spec is applied at the end, which may need them
    replaced = replace and is_there(about, settings.schema)
    if about.protected and under is None:
        _check(about, allowed, replaced=replaced)
    if replaced:
        _confirm(about, settings, yes)
        _back_up(about, settings, stores, bindir)
    client = reader(bindir)
    make_database(about)
    began = time.monotonic()
    done = restored(about, meant, How(client, keys, under, replace, jobs, lock_timeout))
    seconds = time.monotonic() - began
    typer.echo(
        f"Restored {service} of {meant.started:%Y-%m-%d %H:%M:%S} UTC:"
        f" {done.rows:,} rows in {seconds:.1f} s"
    )
    for missing in done.left_out:
        typer.echo(f"warning: without {missing}, which has no such rows here", err=True)
    for missing in done.lacking:
        typer.echo(f"warning: there is no {missing}", err=True)


def _check(about: Job, allowed: frozenset[str], *, replaced: bool) -> None:
    """What the restore brings in line with the spec are the hazards of a plan."""
    from chiro_db.apply.planning import plan
    from chiro_db.model.plan import Hazard

    own = {Hazard.REPLACES_SCHEMA} if replaced else set()
    hazards.check({*plan(about).hazards, *own}, allowed, "the restore")


def _confirm(about: Job, settings: Settings, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("there is no terminal to ask on", hint="--yes replaces without asking")
    question = f"Replace schema {settings.schema} in {about.to.database}?"
    if not typer.confirm(question, err=True):
        raise RefusedError("not confirmed; nothing was changed")


def _back_up(about: Job, settings: Settings, stores: list[Store], bindir: Path | None) -> None:
    """What is there; a failure of this ends the restore."""
    from chiro_db.backup.run import Asked
    from chiro_db.cli.backup_run import watched

    services = [(settings, stores)]
    asked = Asked(
        about.to, about.loaded.digest, services, about.target, bindir=bindir, replaced=True
    )
    (outcome,) = watched(asked)
    if outcome.problems:
        raise outcome.problems[0]
    if outcome.manifest is not None:
        made = outcome.manifest.id
        typer.echo(f"backed up what is there: {made} (`--at {made}` brings it back)", err=True)
