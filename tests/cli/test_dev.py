"""`chirodb dev` from the outside, on a server of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from chiro_db.cli.dev import app
from chiro_db.embedded import Cluster, state_directory
from chiro_db.errors import ChirodbError, RefusedError
from tests.cli.running import chirodb

_RUN = [sys.executable, "-c", "from chiro_db.cli.dev import app; app()"]


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory's chirodb.yaml, with a state directory that the server can enter."""
    place = Path(tempfile.mkdtemp(prefix="chirodb-test-", dir="/tmp"))
    place.chmod(0o755)
    monkeypatch.setenv("CHIRODB_STATE_DIR", str(place / "state"))
    monkeypatch.delenv("CHIRODB_SPEC", raising=False)
    monkeypatch.chdir(place)
    spec = place / "chirodb.yaml"
    spec.touch()
    yield spec
    Cluster(state_directory(spec)).reset()
    shutil.rmtree(place)


def _dev(*arguments: str) -> str:
    """What it prints on standard output; its error is raised."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _psql(*arguments: str, typed: str = "") -> str:
    command = [*_RUN, "psql", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, input=typed).stdout


def test_a_server_lives_through_all_the_commands(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _dev("status").startswith("not running\n")
    assert json.loads(_dev("status", "--format", "json"))["running"] is False
    conninfo = _dev("start").strip()
    found = json.loads(_dev("status", "--format", "json"))
    assert (found["running"], found["conninfo"]) == (True, conninfo)

    url = next(line.split()[1] for line in _dev("status").splitlines() if line.startswith("url"))
    with psycopg.connect(url) as connection:
        assert connection.info.user == "postgres"
    password = Path(found["passfile"]).read_text().strip().rpartition(":")[2]
    assert password not in _dev("status") + _dev("status", "--format", "json")

    monkeypatch.setenv("PGSSLMODE", "require")  # meant for another server
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    assert _psql("--", "-XAtc", "SELECT current_user, current_database()") == "postgres|postgres\n"
    assert _psql("-XAt", "-d", "template1", typed="SELECT current_database()") == "template1\n"

    assert _dev("stop") == ""
    assert _dev("status").startswith("not running\n")
    assert _psql("--", "-XAtc", "SELECT 1") == "1\n"  # starts it

    with pytest.raises(RefusedError, match="confirmation") as refused:
        _dev("reset")
    assert "--yes" in (refused.value.hint or "")
    assert Path(found["data_directory"]).exists()
    _dev("reset", "--yes")
    assert not Path(found["data_directory"]).exists()
    _dev("reset", "--yes")


def test_each_spec_has_its_server_found_from_everywhere(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = spec.with_name("other.yaml")
    other.touch()
    (spec.parent / "below").mkdir()

    def directory(*arguments: str) -> str:
        return str(json.loads(_dev("status", "--format", "json", *arguments))["data_directory"])

    expected = directory()
    assert Path(expected).parent.name.startswith("chirodb-")
    assert directory("--spec", "other.yaml") != expected
    monkeypatch.setenv("CHIRODB_SPEC", str(other))
    assert directory() == directory("--spec", "other.yaml")
    assert directory("--spec", "chirodb.yaml") == expected
    monkeypatch.chdir(spec.parent / "below")
    assert directory("--spec", "../chirodb.yaml") == expected


def test_a_spec_that_is_not_there_is_an_error_that_says_what_to_do(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChirodbError, match="no spec at `gone`") as said:
        _dev("status", "--spec", "gone")
    assert "--spec" in (said.value.hint or "")
    spec.unlink()
    with pytest.raises(ChirodbError, match="no spec was found") as said:
        _dev("status")
    assert "chirodb.yaml" in (said.value.hint or "")
    (spec.parent / "schema_specs").mkdir()
    _dev("status")
    monkeypatch.setenv("CHIRODB_SPEC", "gone")
    with pytest.raises(ChirodbError, match="no spec at `gone`") as said:
        _dev("status")
    assert "CHIRODB_SPEC" in (said.value.hint or "")


def test_libpqs_variables_for_another_server_lead_nowhere_else(spec: Path) -> None:
    spec.write_text(
        "version: 1\ndatabase: {name: d}\ntargets: {dev: {embedded: true}}\n"
        "services: {s: {schema: s, owner: o}}\nbackup: {to: ./backups}\n"
    )
    state = {"CHIRODB_STATE_DIR": os.environ["CHIRODB_STATE_DIR"]}
    other = {"PGPASSWORD": "other", "PGHOSTADDR": "127.0.0.1", "PGPORT": "1", "PGUSER": "other"}
    for command in ("apply --yes", "drift", "doctor", "backup run", "backup verify --restore"):
        ran = chirodb(*command.split(), env=state | other)
        assert ran.code == (2 if command == "doctor" else 0), ran.err + ran.out
