"""Random databases: what is as some spec declares it can be said, and what can be said stays so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given

from chiro_db.apply.planning import Job
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import anywhere
from chiro_db.errors import SpecError
from chiro_db.spec.load import load
from tests.adopt.trip import inspected, left, planned
from tests.properties.asked import as_asked
from tests.properties.specs import Scenario, scenarios
from tests.properties.trial import Trial
from tests.servers import Database, Server, database_of

TODAY = datetime.now(UTC).date()
EXAMPLES = 10  # of a run that does not say how many


def test_the_spec_of_a_random_database_plans_nothing(
    server: Server, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    asked = pytestconfig.getoption("properties")

    @as_asked(asked, EXAMPLES)
    @given(scenarios(server.version))
    def holds(scenario: Scenario) -> None:
        with database_of(server) as database:
            _adopted_before(database, scenario, tmp_path)
            _adopted_after(database, scenario.named(database.name), tmp_path)

    holds()


def _adopted_before(database: Database, scenario: Scenario, folder: Path) -> None:
    """Nobody made this for a spec: applying what was written leaves nothing unsaid."""
    named = scenario.named(database.name)
    Trial(database, named, folder).do(*named.start, named.change)
    found = inspected(database.conninfo)
    made = planned(database.conninfo, found, folder, TODAY)
    assert [change.summary for change in made.changes] == list(found.unsaid)
    if made.changes:
        job = Job(load(folder / "adopted", TODAY), anywhere(database.conninfo), today=TODAY)
        apply(job, made, lock_timeout=5)
    again = inspected(database.conninfo)
    assert again.unsaid == (), "".join(again.files.values())


def _adopted_after(database: Database, scenario: Scenario, folder: Path) -> None:
    """What a spec declares, another one says."""
    trial = Trial(database, scenario, folder)
    try:
        made = trial.plan()
    except (SpecError, AssertionError):
        assume(False)
    apply(trial.job, made, lock_timeout=5)
    if scenario.spec.get("enforce") == "additive":
        return
    found = inspected(database.conninfo)
    assert found.unsaid == (), "".join(found.files.values())
    assert left(planned(database.conninfo, found, folder, TODAY)) == []
