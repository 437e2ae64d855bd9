"""Choosing the PostgreSQL of the tests by `--pg-version`, and fetching it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import majors
from tests.servers import Server
from tests.test_servers import NOBODY_LISTENS, run_pytest


@pytest.mark.every_version
def test_the_server_is_the_version_that_was_asked_for(
    request: pytest.FixtureRequest, server: Server
) -> None:
    if (param := getattr(request.node, "callspec", None)) is None:
        pytest.skip("no --pg-version")
    assert server.version // 10000 == param.params["server"]


@pytest.mark.parametrize(
    ("given", "versions"),
    [([], ()), (["14,16"], (14, 16)), (["18", "14, 18"], (18, 14))],
)
def test_versions_are_a_list_or_several_options(
    given: list[str], versions: tuple[int, ...]
) -> None:
    assert majors.parse(given) == versions


@pytest.mark.parametrize("given", ["13", "", "14,,15", "+14", "14.2"])
def test_another_version_is_refused_with_those_that_there_are(given: str) -> None:
    with pytest.raises(ValueError, match="is none of PostgreSQL 14, 15, 16, 17, 18"):
        majors.parse([given])


def test_a_version_that_was_not_fetched_names_the_command(tmp_path: Path) -> None:
    ended = run_pytest(
        tmp_path, "--pg-version", "18,14", CHIRODB_PG_CACHE=str(tmp_path / "nothing")
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "PostgreSQL 14 is not here: run `.ci/postgres 14`" in ended.stderr


def test_a_version_and_a_url_are_one_server_too_many(tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, "--pg-version", "18", CHIRODB_TEST_URL=NOBODY_LISTENS)
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the one that CHIRODB_TEST_URL names" in ended.stderr


def test_a_test_without_a_server_runs_once_whatever_the_versions(tmp_path: Path) -> None:
    (tmp_path / "test_pure.py").write_text("def test_pure():\n    pass\n")
    ended = run_pytest(tmp_path, "--pg-version", "18")
    assert "1 passed" in ended.stdout
    assert run_pytest(tmp_path, "--pg-version", "18", "-m", "server").returncode == (
        pytest.ExitCode.NO_TESTS_COLLECTED
    )
