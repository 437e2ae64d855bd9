"""Whatever a database looks like, one apply makes it what the spec says, and drift is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from tests.properties.asked import as_asked
from tests.properties.specs import Scenario, scenarios
from tests.properties.trial import carry_through
from tests.servers import Server, database_of

EXAMPLES = 30  # of a run that does not say how many
AS_ADMINISTRATOR = 12  # bootstrap tries every statement by itself
ADMINISTRATOR = "an ordinary administrator"


def test_one_apply_makes_what_the_spec_declares(
    server: Server, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    _try(server, tmp_path, pytestconfig.getoption("properties"), EXAMPLES, None)


def test_an_administrator_makes_it_too(
    server: Server, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """What it cannot do is blocked beforehand, and `bootstrap` says what it takes."""
    asked = pytestconfig.getoption("properties")
    _try(server, tmp_path, asked, AS_ADMINISTRATOR, ADMINISTRATOR)


def _try(
    server: Server, folder: Path, asked: int | None, bounded: int, administrator: str | None
) -> None:
    @as_asked(asked, bounded)
    @given(scenarios(server.version))
    def holds(scenario: Scenario) -> None:
        with database_of(server) as database:
            carry_through(database, scenario.named(database.name), folder, administrator)

    holds()
