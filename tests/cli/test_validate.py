"""`chirodb validate` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from chiro_db.cli.validate import validate
from chiro_db.errors import SpecError
from chiro_db.spec.schema import json_schema

GOOD = "version: 1\ndatabase: {name: d}\nroles: {bi: {password: '${env:UNSET}'}}\n"
BAD = "version: 1\ndatabase: {nam: d}\n"
app = typer.Typer()
app.command()(validate)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHIRODB_SPEC", raising=False)
    return tmp_path


def test_a_good_spec_is_one_line(here: Path) -> None:
    (here / "chirodb.yaml").write_text(GOOD + "services: {a: {schema: s, owner: o, app: p}}\n")
    result = CliRunner().invoke(app)
    assert result.stdout == "chirodb.yaml is valid: 1 service, 3 roles\n"
    assert result.stderr == ""
    assert result.exit_code == 0


def test_warnings_go_to_standard_error(here: Path) -> None:
    (here / "x.yaml").write_text(GOOD + "policies: {cross-service-grants: {}}\n")
    result = CliRunner().invoke(app, ["--spec", "x.yaml"])
    assert result.stdout == "x.yaml is valid: 0 services, 1 role\n"
    assert result.stderr == (
        "warning: x.yaml:4:12: unknown policy `cross-service-grants`\n"
        "  hint: did you mean `cross-service-grant`?\n"
    )


def test_a_bad_spec_is_raised(here: Path) -> None:
    (here / "chirodb.yaml").write_text(BAD)
    error = CliRunner().invoke(app).exception
    assert isinstance(error, SpecError)
    assert len(error.diagnostics) == 2


def test_json_of_a_bad_spec(here: Path) -> None:
    (here / "chirodb.yaml").write_text(BAD)
    result = CliRunner().invoke(app, ["--format", "json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["valid"], found["error_count"]) == (False, 2)
    assert found["diagnostics"][1]["range"]["start"] == {"line": 2, "column": 12}


def test_json_of_a_good_spec_and_of_none(here: Path) -> None:
    (here / "chirodb.yaml").write_text(GOOD)
    result = CliRunner().invoke(app, ["--format", "json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["valid"] is True
    result = CliRunner().invoke(app, ["--format", "json", "--spec", "none.yaml"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error_count"] == 1


def test_json_schema(here: Path) -> None:
    result = CliRunner().invoke(app, ["--json-schema"])
    assert json.loads(result.stdout) == json_schema()


@pytest.mark.parametrize("option", ["text", "json"])
def test_needs_neither_driver_nor_templates(option: str, here: Path) -> None:
    (here / "chirodb.yaml").write_text(GOOD)
    program = (
        "import sys\n"
        "from chiro_db.cli.validate import Format, validate\n"
        f"validate(output=Format('{option}'))\n"
        "sys.exit(str(sys.modules.keys() & {'psycopg', 'jinja2'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "set()\n"


def test_debug_shows_the_traceback_and_then_what_is_wrong(here: Path) -> None:
    (here / "chirodb.yaml").write_text(BAD)
    command = [sys.executable, "-m", "chiro_db", "validate", "--debug"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "error: chirodb.yaml:2:12: unknown key `nam` in `database`" in done.stderr.splitlines()
