"""The tables of `cases/*.yml`: each is planned, applied, planned again, and asked of the server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chiro_db.access.after import after
from chiro_db.access.world import world
from chiro_db.apply.planning import Job, observed, plan
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.errors import SpecError
from chiro_db.model.plan import Plan
from chiro_db.spec.load import load
from tests.access.asking import check, foretold, untold
from tests.case import Case, Round, read_all
from tests.effects import PASSWORD, give_password, wrong
from tests.servers import Database

EVERYTHING = """
SELECT 'c', oid::regclass::text, relowner, relacl::text FROM pg_class
UNION ALL SELECT 'n', nspname, nspowner, nspacl::text FROM pg_namespace
UNION ALL SELECT 'd', datname, datdba, datacl::text FROM pg_database
UNION ALL SELECT 'p', oid::regprocedure::text, proowner, proacl::text FROM pg_proc
UNION ALL SELECT 't', oid::regtype::text, typowner, typacl::text FROM pg_type
UNION ALL SELECT 'a', attrelid::regclass || '.' || attname, 0, attacl::text FROM pg_attribute
UNION ALL SELECT 'D', defaclnamespace::text || defaclobjtype::text, defaclrole, defaclacl::text
          FROM pg_default_acl
UNION ALL SELECT 'r', rolname, oid, to_jsonb(r)::text FROM pg_roles r
UNION ALL SELECT 'm', roleid::text, member, to_jsonb(m)::text FROM pg_auth_members m
UNION ALL SELECT 's', setdatabase::text, setrole, setconfig::text FROM pg_db_role_setting
ORDER BY 1, 2, 3, 4
"""


def _parameters() -> list[Any]:
    return [
        pytest.param(
            case,
            id=f"{Path(case.file).stem}-{case.slug}",
            marks=[pytest.mark.container] if case.container else [],
        )
        for case in read_all()
    ]


@pytest.mark.parametrize("case", _parameters())
def test_case(case: Case, database: Database, tmp_path: Path) -> None:
    if not case.fits(database.server.version):
        pytest.skip(f"for servers {case.servers}")
    case = case.filled(database.name, database.server.version // 10000)
    spec: dict[str, Any] = {}
    for step in (case, *case.later):
        spec = _completed(step.spec, database) if step.spec is not None else spec
        _run(database, step.given)
        _round(_Trial(case, step, spec, database, tmp_path))
    if case.drift:
        _run(database, case.drift)
        trial = _Trial(case, (case, *case.later)[-1], spec, database, tmp_path)
        drifted = trial.plan()
        text = "\n".join(_shown(drifted))
        missing = [name for name in case.drift_names if name not in text]
        assert not missing, f"not in the plan after the drift:\n{text}"
        trial.apply(drifted)
        trial.ask(logins=False)


def test_no_two_cases_have_one_name() -> None:
    names = [(case.file, case.slug) for case in read_all()]
    assert sorted(set(names)) == sorted(names)


def test_a_part_of_the_cases_runs_in_a_container() -> None:
    assert len([case for case in read_all() if case.container]) >= 12


class _Trial:
    """One round of one case."""

    def __init__(
        self, case: Case, step: Round, spec: dict[str, Any], database: Database, folder: Path
    ) -> None:
        self.step, self.database = step, database
        self.file = folder / "spec.yaml"
        self.file.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
        conninfo = database.conninfo
        if case.connect_as is not None:
            give_password(database, case.connect_as)
            conninfo = database.server.conninfo_of(
                database.name, user=case.connect_as, password=PASSWORD
            )
        self.conninfo = conninfo

    def plan(self) -> Plan:
        return plan(self.job())

    def job(self) -> Job:
        loaded = load(self.file, self.step.today)
        to = where(self.conninfo, self.database.name)
        return Job(loaded, to, today=self.step.today, only=frozenset(self.step.services))

    def apply(self, made: Plan) -> None:
        before, makers = observed(self.job()), self.job().request.makers
        told = after(world(before, makers), made, before.server)
        apply(self.job(), made, lock_timeout=5)
        found = world(observed(self.job()), makers)
        assert foretold(told, found) == []
        assert untold(world(before, makers), found) == []
        self.is_in_step()

    def check_access(self) -> None:
        """What chirodb says about who can do what is what PostgreSQL says."""
        with self.database.connect() as connection:
            check(connection, self.job().loaded.spec)

    def is_in_step(self) -> None:
        second = self.plan()
        assert [c.summary for c in second.changes if c.blocked] == list(self.step.blocked)
        assert _shown(second) == []

    def ask(self, *, logins: bool = True) -> None:
        """All effects; what a login made must not be drift either."""
        effects = [effect for effect in self.step.effects if logins or not effect.login]
        found = [(effect, wrong(self.database, effect)) for effect in effects]
        lines = [f"{effect}\n    {answer}" for effect, answer in found if answer is not None]
        assert not lines, "\n".join(["not as the case says:", *lines])
        if any(effect.login for effect in self.step.effects):
            self.is_in_step()


def _round(trial: _Trial) -> None:
    step, database = trial.step, trial.database
    if step.error:
        before = _everything(database)
        with pytest.raises(SpecError) as failed:
            trial.plan()
        assert _everything(database) == before
        _compare(step, failed.value, trial.file)
        return
    made = _planned(trial)
    assert [c.summary for c in made.changes if c.blocked] == list(step.blocked)
    if step.statements is not None:
        shown = [statement.shown for statement in made.statements]
        assert shown == list(step.statements)
    if step.summary is not None:
        shown = [change.summary for change in made.changes]
        assert shown == list(step.summary)
    said = [re.sub(r"^\S+:\d+:\d+: ", "", warning) for warning in made.warnings]
    assert said == list(step.warnings)
    if step.extras is not None:
        extras = [change.summary for change in made.extras]
        assert extras == list(step.extras)
    trial.check_access()
    trial.apply(made)
    trial.check_access()
    trial.ask()


def _planned(trial: _Trial) -> Plan:
    try:
        return trial.plan()
    except SpecError as failed:
        lines = [f"{d.place}: {d.message} ({d.hint})" for d in failed.diagnostics]
        pytest.fail("\n".join(lines), pytrace=False)


def _compare(step: Round, failed: SpecError, file: Path) -> None:
    errors = [d for d in failed.diagnostics if d.severity == "error"]
    assert [d.message for d in errors] == [mistake.message for mistake in step.error]
    lines = file.read_text().splitlines()
    for found, mistake in zip(errors, step.error, strict=True):
        assert found.place is not None, found.message
        assert mistake.line is None or lines[found.place.line - 1].strip() == mistake.line


def _completed(spec: dict[str, Any], database: Database) -> dict[str, Any]:
    section = {"name": database.name, **spec.get("database", {})}
    return {"version": 1, **spec, "database": section}


def _run(database: Database, script: str) -> None:
    if script:
        with database.connect() as connection:
            connection.execute(script.encode())


def _everything(database: Database) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(EVERYTHING).fetchall()


def _shown(made: Plan) -> list[str]:
    return [
        line
        for change in made.runnable
        for line in (change.summary, *(statement.shown for statement in change.statements))
    ]
