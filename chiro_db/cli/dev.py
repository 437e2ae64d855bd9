"""`chirodb dev`: the embedded PostgreSQL of a spec."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chiro_db.errors import EmbeddedError, RefusedError

if TYPE_CHECKING:
    from chiro_db.embedded import Cluster, Status

app = typer.Typer(
    help="The embedded PostgreSQL: a private server for the spec.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Spec = Annotated[
    Path | None,
    typer.Option(help="The spec whose server is meant, a file or a directory.", metavar="PATH"),
]


class StatusFormat(StrEnum):
    """How `dev status` prints."""

    TEXT = "text"
    JSON = "json"


@app.command()
def start(spec: Spec = None) -> None:
    """Start the server and print its connection string.

    It is made on first use.
    """
    typer.echo(_cluster(spec).start())


@app.command()
def stop(spec: Spec = None) -> None:
    """Stop the server; its data stays."""
    stopped = _cluster(spec).stop()
    typer.echo("Stopped" if stopped else "Not running", err=True)


@app.command()
def status(
    spec: Spec = None,
    output: Annotated[StatusFormat, typer.Option("--format", help="How to print it.")] = (
        StatusFormat.TEXT
    ),
) -> None:
    """Say whether the server runs, and where."""
    from chiro_db.cli.showing import errors_as

    with errors_as(output.value):
        found = _cluster(spec).status()
    typer.echo(_as_json(found) if output is StatusFormat.JSON else _as_text(found))


@app.command(context_settings={"ignore_unknown_options": True})
def psql(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- PSQL ARGUMENTS", help="Passed to psql as they are."),
    ] = None,
    spec: Spec = None,
) -> None:
    """Open psql on the server.

    It is started if need be. The database is `postgres` unless psql's own -d says otherwise.
    """
    from chiro_db.embedded.binaries import client

    cluster = _cluster(spec)
    program = client("psql")
    cluster.start()
    _exec(program, arguments or [], cluster.status())


@app.command()
def reset(
    spec: Spec = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Stop the server and delete it with all its data."""
    cluster = _cluster(spec)
    if not cluster.directory.exists():
        typer.echo("Nothing to delete", err=True)
        return
    typer.echo(f"This deletes the embedded PostgreSQL in {cluster.directory}", err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError(
                "`dev reset` needs a confirmation", hint="say --yes to go on without one"
            )
        if not typer.confirm("Delete all its data?", err=True):
            raise RefusedError("nothing was deleted")
    cluster.reset()
    typer.echo("Deleted", err=True)


def _cluster(spec: Path | None) -> Cluster:
    from chiro_db.cli.options import spec_path
    from chiro_db.embedded import Cluster, state_directory

    return Cluster(state_directory(spec_path(spec)))


def _exec(program: Path, arguments: list[str], found: Status) -> NoReturn:
    """Connection by environment, so that psql's own -d, -U and URLs mean what they always do."""
    if found.conninfo is None:
        raise EmbeddedError("the embedded PostgreSQL has just been stopped", hint="try again")
    inherited = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    here = {
        "PGHOST": str(found.socket_directory),
        "PGPORT": str(found.port),
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "PGPASSFILE": str(found.passfile),
    }
    os.execve(program, [str(program), *arguments], inherited | here)  # noqa: S606  no shell wanted


def _as_text(found: Status) -> str:
    if not found.running:
        return f"not running\ndata      {found.data_directory}"
    from urllib.parse import quote

    passfile = quote(str(found.passfile))
    return (
        f"running, PostgreSQL {found.version}, pid {found.pid}\n"
        f"url       postgresql://postgres@127.0.0.1:{found.port}/postgres?passfile={passfile}\n"
        f"socket    {found.socket_directory}\n"
        f"passfile  {found.passfile}\n"
        f"data      {found.data_directory}"
    )


def _as_json(found: Status) -> str:
    import json
    from dataclasses import asdict

    return json.dumps({"format_version": "1.0"} | asdict(found), indent=2, default=str)
