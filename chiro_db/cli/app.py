"""The commands, registered; what each needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from chiro_db import __version__
from chiro_db.cli import backup, dev, history, metrics, password
from chiro_db.cli.access import access
from chiro_db.cli.apply import apply
from chiro_db.cli.audit import audit
from chiro_db.cli.bootstrap import bootstrap
from chiro_db.cli.connection import connection
from chiro_db.cli.doctor import doctor
from chiro_db.cli.drift import drift
from chiro_db.cli.init import init
from chiro_db.cli.inspect import inspect
from chiro_db.cli.plan import plan
from chiro_db.cli.render import render
from chiro_db.cli.slow import slow
from chiro_db.cli.validate import validate

app = typer.Typer(
    name="chirodb",
    help="Provision and govern PostgreSQL for many services in one database.",
    no_args_is_help=True,
    rich_markup_mode=None,  # help drawn by rich costs 80 ms of every start
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"chirodb {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    _debug: Annotated[  # taken by cli.run, anywhere on the line
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool | None,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = None,
) -> None:
    """What every command has."""


app.command()(init)
app.command(short_help="Check the spec, offline.")(validate)
app.command()(plan)
app.command()(apply)
app.command(short_help="Compare the server with the spec, for CI.")(drift)
app.command(short_help="Show who can do what, and why.")(access)
app.command(short_help="Check the database against governance rules.")(audit)
app.command()(render)
app.command(short_help="Write the spec of what a database has.")(inspect)
app.command(short_help="Print what a superuser has to run once.")(bootstrap)
app.command(short_help="Show the slowest statements of each service.")(slow)
app.command(short_help="Print the connection string of a service.")(connection)
app.add_typer(metrics.app, name="metrics")
app.command(short_help="Find out why a service cannot connect or is slow.")(doctor)
app.add_typer(history.app, name="history")
app.add_typer(password.app, name="password")
app.add_typer(backup.app, name="backup")
app.add_typer(dev.app, name="dev")
