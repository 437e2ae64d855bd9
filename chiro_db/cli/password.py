"""`chirodb password`: passwords of roles that the spec declares."""

from __future__ import annotations

from typing import Annotated

import typer

from chiro_db.cli import completing
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption

app = typer.Typer(
    help="Passwords of roles that the spec declares.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Passwords of roles that the spec declares."""


@app.command()
def rotate(
    role: Annotated[
        str,
        typer.Argument(
            help="The role, one with `password:` in the spec.",
            metavar="ROLE",
            autocompletion=completing.roles_with_passwords,
        ),
    ],
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
) -> None:
    """Give a role a new random password.

    It is written to the file that the spec's reference names, or printed once.
    """
    from chiro_db.apply.rotate import reference
    from chiro_db.apply.rotate import rotate as make
    from chiro_db.cli.connecting import job

    about = job(spec, target, url, secrets=False)
    source, name = reference(about, role)
    place = f"target {about.target}, " if about.target else ""
    typer.echo(f"{place}server {about.to}, role {role}", err=True)
    new, unwritten = make(about, role)
    if unwritten:
        typer.echo(f"warning: {unwritten}", err=True)
    if source == "file":
        typer.echo(f"the new password is in `{name}`", err=True)
    else:
        typer.echo(f"set {name} to this; it is not shown again:", err=True)
        typer.echo(new.reveal())
