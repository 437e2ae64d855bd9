"""`chirodb bootstrap`: what a superuser has to run once."""

from __future__ import annotations

from typing import Annotated

import typer

from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption


def bootstrap(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    admin: Annotated[
        str | None,
        typer.Option(
            "--admin",
            help="The administrator's role; the database's owner in the spec otherwise.",
            metavar="ROLE",
        ),
    ] = None,
) -> None:
    """Print the SQL that a superuser runs once, so that an administrator can apply the spec.

    Everything is tried on the server in a transaction that is rolled back.
    """
    from chiro_db.apply.bootstrap import bootstrap as find
    from chiro_db.cli.connecting import job
    from chiro_db.report.bootstrap import bootstrap_sql

    about = job(spec, target, url, secrets=False)
    typer.echo(bootstrap_sql(find(about, admin)).rstrip("\n"))
