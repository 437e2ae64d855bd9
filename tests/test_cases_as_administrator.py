"""The cases once more, by an ordinary administrator for whom `bootstrap` has cleared the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from chiro_db.apply.bootstrap import bootstrap
from chiro_db.apply.planning import Job, plan
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.spec.load import load
from tests.case import Case, Round, read_all
from tests.effects import PASSWORD, give_password, wrong
from tests.servers import Database

ADMIN = "administrator of the case"


def _cases() -> list[Any]:
    """Those that say nothing of who is connected or which statements it takes."""
    return [
        pytest.param(
            case,
            id=f"{Path(case.file).stem}-{case.slug}",
        )
        for case in read_all()
        if case.connect_as is None
        and not any(step.error or step.services for step in (case, *case.later))
        and "owner" not in ((case.spec or {}).get("database") or {})
    ]


@pytest.mark.parametrize("case", _cases())
def test_as_an_administrator(case: Case, database: Database, tmp_path: Path) -> None:
    if not case.fits(database.server.version):
        pytest.skip(f"for servers {case.servers}")
    case = case.filled(database.name, database.server.version // 10000)
    spec: dict[str, Any] = {}
    for step in (case, *case.later):
        spec = step.spec if step.spec is not None else spec
        _as_superuser(database, step.given)
        _round(step, _job(database, tmp_path, spec, step), database)


def _job(database: Database, folder: Path, spec: dict[str, Any], step: Round) -> Job:
    """As a superuser; the same file serves the administrator."""
    section = {"name": database.name, **spec.get("database", {})}
    file = folder / "spec.yaml"
    text = yaml.safe_dump({"version": 1, **spec, "database": section}, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    to = where(database.conninfo, database.name)
    return Job(load(file, step.today), to, today=step.today)


def _round(step: Round, job: Job, database: Database) -> None:
    """What bootstrap prints is enough, and the administrator does what a superuser does."""
    script = bootstrap(job, ADMIN)
    _as_superuser(database, ";".join(line.statement for line in script.lines))
    give_password(database, ADMIN)
    conninfo = database.server.conninfo_of(database.name, user=ADMIN, password=PASSWORD)
    mine = Job(job.loaded, where(conninfo, database.name), today=job.today)
    made = plan(mine)
    assert [c.summary for c in made.blocked] == []
    apply(mine, made, lock_timeout=5)
    assert [c.summary for c in plan(mine).changes] == []
    found = [(effect, wrong(database, effect)) for effect in step.effects]
    assert [f"{effect}: {answer}" for effect, answer in found if answer is not None] == []


def _as_superuser(database: Database, script: str) -> None:
    if script:
        with database.connect() as connection:
            connection.execute(script.encode())
