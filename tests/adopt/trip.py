"""There and back: the spec of a database as it is, and a plan from it, which is empty."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from chiro_db.adopt.run import Adopted, adopt
from chiro_db.apply.planning import Job, plan
from chiro_db.catalog.connect import anywhere, connected
from chiro_db.model.plan import Plan
from chiro_db.spec.load import load


def inspected(conninfo: str, *, splitting: bool = False) -> Adopted:
    with connected(anywhere(conninfo)) as connection:
        return adopt(connection, splitting=splitting)


def planned(conninfo: str, found: Adopted, folder: Path, today: date) -> Plan:
    """From the files, as a user would."""
    where = folder / "adopted"
    shutil.rmtree(where, ignore_errors=True)
    for path, text in found.files.items():
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_text(text, encoding="utf-8")
    return plan(Job(load(where, today), anywhere(conninfo), today=today))


def left(made: Plan) -> list[str]:
    return [statement.shown for change in made.changes for statement in change.statements]
