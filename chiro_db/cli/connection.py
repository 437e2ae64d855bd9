"""`chirodb connection`: a service's connection string, without connecting anywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from chiro_db.cli import completing
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption


class Format(StrEnum):
    """Who is to read it."""

    URI = "uri"
    JDBC = "jdbc"
    QUARKUS = "quarkus"
    ENV = "env"
    LIBPQ = "libpq"


def connection(
    service: Annotated[
        str,
        typer.Argument(
            help="A service of the spec.", metavar="SERVICE", autocompletion=completing.services
        ),
    ],
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    output: Annotated[Format, typer.Option("--format", help="Who is to read it.")] = Format.URI,
    role: Annotated[
        str | None,
        typer.Option(
            "--role",
            help="owner, app, migrator, or a role's name; the app otherwise, else the owner.",
            metavar="ROLE",
            autocompletion=completing.roles,
        ),
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="With the password, as the spec refers to it.")
    ] = False,
) -> None:
    """Print the connection string of a service.

    Nothing is connected to, and no password is printed without --reveal.
    """
    from chiro_db.cli.login import login
    from chiro_db.cli.options import spec_path
    from chiro_db.report.connection import FORMATS
    from chiro_db.spec.load import load

    loaded = load(spec_path(spec))
    found = login(loaded, service, role, target=target, url=url, reveal=reveal)
    typer.echo(FORMATS[output.value](found))
