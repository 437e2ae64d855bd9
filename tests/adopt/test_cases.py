"""Whatever the cases make of a database, the spec that is written of it plans nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from chiro_db.apply.planning import Job, plan
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.spec.load import load
from tests.adopt.trip import inspected, left, planned
from tests.case import Case, read_all
from tests.effects import PASSWORD, give_password
from tests.servers import Database

# What the database of a case has beyond what its spec is about, and no spec can say.
UNSAID = {
    "Default-privileges-of-strangers-in-a-service-s-schema-go-elsewhere-they-stay": (
        "revoke SELECT on future tables of o in other from y",
        "revoke SELECT on future tables of x in other from y",
    ),
}


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{Path(case.file).stem}-{case.slug}")
        for case in read_all()
        if not case.error and (case.spec or {}).get("enforce") != "additive"
    ]


@pytest.mark.parametrize("case", _cases())
def test_what_a_case_made_is_said(case: Case, database: Database, tmp_path: Path) -> None:
    if not case.fits(database.server.version):
        pytest.skip(f"for servers {case.servers}")
    case = case.filled(database.name, database.server.version // 10000)
    with database.connect() as connection:
        connection.execute(case.given.encode())
    section = {"name": database.name, **(case.spec or {}).get("database", {})}
    spec = {"version": 1, **(case.spec or {}), "database": section}
    file = tmp_path / "spec.yaml"
    file.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    conninfo = database.conninfo
    if case.connect_as is not None:
        give_password(database, case.connect_as)
        conninfo = database.server.conninfo_of(
            database.name, user=case.connect_as, password=PASSWORD
        )
    job = Job(
        load(file, case.today),
        where(conninfo, database.name),
        today=case.today,
        only=frozenset(case.services),
    )
    made = plan(job)
    if made.runnable:
        apply(job, made, lock_timeout=5)
    if case.services or plan(job).changes:
        return
    found = inspected(conninfo)
    assert found.unsaid == UNSAID.get(case.slug, ()), "".join(found.files.values())
    assert case.slug in UNSAID or left(planned(conninfo, found, tmp_path, case.today)) == []
