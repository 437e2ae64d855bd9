"""`chirodb backup verify`: whether backups are whole, and with --restore whether they restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli.backup_run import Format, FormatOption
from chiro_db.cli.backup_stores import BindirOption, ServicesArgument, StoreOption
from chiro_db.cli.connecting import SpecOption, TargetOption
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.backup.inventory import Backup, Copy, Inventory
    from chiro_db.backup.verify import Verified
    from chiro_db.catalog.connect import Connection

IdentityOption = Annotated[
    Path | None,
    typer.Option("--identity", help="The file of an age identity that decrypts.", metavar="FILE"),
]
Try = Callable[["Copy", "Backup"], "Verified"]


def verify(
    service: ServicesArgument = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    store: StoreOption = None,
    backup: Annotated[
        str | None,
        typer.Option(
            "--id", help="One backup; the newest of each service otherwise.", metavar="ID"
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All backups.")] = False,
    restore: Annotated[
        bool,
        typer.Option("--restore", help="Restore it alone into a throw-away server, and count."),
    ] = False,
    identity: IdentityOption = None,
    bindir: BindirOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Read backups whole, or restore them into a throw-away server."""
    from chiro_db.backup import inventory
    from chiro_db.backup.client import reader
    from chiro_db.backup.encryption import identities
    from chiro_db.backup.verify import drill
    from chiro_db.backup.verify import verify as read
    from chiro_db.cli.backup_progress import reading
    from chiro_db.cli.backup_stores import offline
    from chiro_db.cli.showing import errors_as
    from chiro_db.report.backup_verify import verified_json, verified_text

    with errors_as(output.value):
        loaded, chosen = offline(spec, target, service, store)
        keys = identities(identity) if identity is not None else ()
        found = inventory.take(chosen)
        meant = _meant(found, [s.service for s, _ in chosen], backup, every)
        client = reader(bindir)
        done: list[Verified] = []

        def each(attempt: Try) -> None:
            for one in meant:
                for copy in one.copies:
                    result = attempt(copy, one)
                    done.append(result)
                    if output is Format.TEXT:
                        typer.echo(verified_text(result))
                    if result.unkept is not None:
                        typer.echo(f"warning: the result is not kept: {result.unkept}", err=True)

        if restore:

            def drilled(copy: Copy, one: Backup) -> Verified:
                with _empty(loaded.path) as connection, reading(one.service) as watch:
                    return drill(copy, one.service, one.id, client, keys, connection, watch)

            each(drilled)
        else:

            def wholly(copy: Copy, one: Backup) -> Verified:
                with reading(one.service) as watch:
                    return read(copy, one.service, one.id, client, keys, watch)

            each(wholly)
        for problem in found.problems:
            raise problem
    if output is Format.JSON:
        import json

        typer.echo(json.dumps(verified_json(done), indent=2, ensure_ascii=False))
    if not all(result.proof.ok for result in done):
        raise typer.Exit(1)


def _meant(found: Inventory, services: list[str], one: str | None, every: bool) -> list[Backup]:
    if every:
        return list(found.backups)
    if one is not None:
        chosen = [backup for backup in found.backups if backup.id.startswith(one)]
        if len(chosen) != 1:
            raise ChirodbError(
                f"{'no backup' if not chosen else 'more than one backup'} begins with `{one}`",
                hint="`chirodb backup list` shows them",
            )
        return chosen
    newest = [found.of(service)[:1] for service in services]
    missing = [service for service, of in zip(services, newest, strict=True) if not of]
    if missing:
        raise ChirodbError(
            f"there is no backup of {', '.join(f'`{name}`' for name in missing)}",
            hint="`chirodb backup run` makes one",
        )
    return [backup for of in newest for backup in of]


@contextmanager
def _empty(spec: Path) -> Iterator[Connection]:
    """The database `postgres` of a new server: roles, which belong to the server, too are new."""
    from psycopg.conninfo import conninfo_to_dict

    from chiro_db.catalog.connect import MAINTENANCE, Where, connected
    from chiro_db.embedded import apart, state_directory
    from chiro_db.embedded.throwaway import throwaway

    with (
        throwaway(state_directory(spec).parent) as conninfo,
        connected(Where(conninfo_to_dict(apart(conninfo)), MAINTENANCE)) as connection,
    ):
        yield connection
