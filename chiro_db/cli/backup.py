"""`chirodb backup`: backups of one service each, that are known to restore."""

from __future__ import annotations

import typer

from chiro_db.cli.backup_list import list_
from chiro_db.cli.backup_prune import prune
from chiro_db.cli.backup_restore import restore
from chiro_db.cli.backup_run import run
from chiro_db.cli.backup_schedule import schedule
from chiro_db.cli.backup_verify import verify

app = typer.Typer(
    help="Backups of one service each, that are known to restore.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
app.command()(run)
app.command("list")(list_)
app.command()(verify)
app.command()(restore)
app.command()(prune)
app.command()(schedule)


@app.callback()
def _group() -> None:
    """Backups of one service each, that are known to restore."""
