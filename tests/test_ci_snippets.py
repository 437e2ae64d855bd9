"""The snippets for CI: valid by their published schemas, and run as far as that goes here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import environment
from tests.servers import Database

ROOT = Path(__file__).parent.parent
CI = ROOT / "docs" / "ci"
ACTION = CI / "github" / "action.yml"
SPEC = """
version: 1
database: {{name: {database}}}
targets: {{test: {{url: "${{env:SERVER}}", protected: true}}}}
services:
  shop: {{schema: shop, owner: {database}_owner}}
"""


def checked(schema: str, file: Path) -> int:
    """By the copy of the schema that check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    return subprocess.run([*command, str(file)], check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    ("schema", "file", "key"),
    [
        ("github-actions", ACTION, "using"),
        ("github-workflows", CI / "github" / "workflow.yml", "runs-on"),
        ("gitlab-ci", CI / "gitlab.yml", "script"),
    ],
)
def test_it_follows_its_schema(schema: str, file: Path, key: str, tmp_path: Path) -> None:
    assert checked(schema, file) == 0
    broken = tmp_path / file.name
    broken.write_text(file.read_text().replace(f"{key}:", f"{key}-not:"))
    assert checked(schema, broken) != 0, "the schema allows everything"


def programs(folder: Path) -> Path:
    """A directory with `chirodb`, as an installation has it."""
    made = folder / "bin"
    made.mkdir()
    program = made / "chirodb"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chiro_db "$@"\n')
    program.chmod(0o755)
    gh = made / "gh"  # the one program of GitHub's that the action calls
    gh.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/gh-was-called"\n')
    gh.chmod(0o755)
    return made


class Job:
    """The step of the action that runs chirodb, in a folder with a spec."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        (folder / "chirodb.yaml").write_text(SPEC.format(database=database.name))
        steps: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
        (step,) = (step for step in steps if step.get("id") == "run")
        self.script: str = step["run"]
        self.given: dict[str, str] = dict.fromkeys(step["env"], "")
        self.outside = {
            "PATH": f"{programs(folder)}:{os.environ['PATH']}",
            "SERVER": database.conninfo,
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }

    def run(self, **inputs: str) -> tuple[int, str]:
        """As GitHub runs `shell: bash`."""
        variables = self.given | {"SPEC": "chirodb.yaml", "TARGET": "test"} | inputs
        done = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.script],
            cwd=self.folder,
            env=environment(self.outside | variables),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def last_output(self) -> str:
        return (self.folder / "output").read_text().splitlines()[-1]


def test_the_action_does_its_commands(tmp_path: Path, database: Database) -> None:
    job = Job(tmp_path, database)
    assert job.run(COMMAND="validate")[0] == 0
    assert job.run(COMMAND="plan", COMMENT="true", PULL_REQUEST="7")[0] == 0
    assert job.last_output() == "exit-code=2"
    assert "create schema shop" in (tmp_path / "summary").read_text()
    assert "pr comment 7 --edit-last" in (tmp_path / "gh-was-called").read_text()
    code, out = job.run(COMMAND="drift")
    assert (code, out[:8]) == (2, "::error ")
    assert job.run(COMMAND="apply")[0] == 1  # protected
    assert job.run(COMMAND="apply", ALLOW="revokes-access,takes-lock")[0] == 0
    assert job.run(COMMAND="drift") == (0, "")
    assert job.last_output() == "exit-code=0"
    assert job.run(COMMAND="$(touch evil); drop")[0] == 1
    assert not (tmp_path / "evil").exists()


def test_the_commands_of_gitlab_are_commands(tmp_path: Path, database: Database) -> None:
    job = Job(tmp_path, database)
    scripts = yaml.safe_load((CI / "gitlab.yml").read_text())
    codes = []
    for name in ("validate", "plan", "apply", "drift"):
        (line,) = scripts[f"chirodb {name}"]["script"]
        job.script = line.replace("--target prod", "--target test")
        codes.append(job.run()[0])
    assert codes == [0, 0, 0, 0]
    assert "<testsuites" in (tmp_path / "drift.xml").read_text()


def test_the_hook_in_a_repository(tmp_path: Path) -> None:
    """By pre-commit itself; the hook's environment is this one, not one that pip would make."""
    hooks, project = tmp_path / "hooks", tmp_path / "project"
    manifest = (ROOT / ".pre-commit-hooks.yaml").read_text()
    variables = {
        "PATH": f"{programs(tmp_path)}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com",
    }  # fmt: skip

    def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=environment(variables), text=True, capture_output=True,
            check=False,
        )  # fmt: skip

    for folder in (hooks, project):
        folder.mkdir()
        assert run(folder, "git", "init", "-q").returncode == 0
    manifest_file = hooks / ".pre-commit-hooks.yaml"
    manifest_file.write_text(manifest.replace("language: python", "language: system"))
    run(hooks, "git", "add", ".")
    run(hooks, "git", "commit", "-qm", "hooks")
    revision = run(hooks, "git", "rev-parse", "HEAD").stdout.strip()
    hook = {"id": "chirodb-validate", "args": ["--spec", "specs"]}
    config = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [hook]}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    spec = project / "specs" / "shop.yaml"
    spec.parent.mkdir()
    pre_commit = [sys.executable, "-m", "pre_commit"]
    for text, code, said in (
        ("version: 1\ndatabase: {name: shop}\n", 0, "Passed"),
        ("version: 1\ndatabase: {nam: shop}\n", 1, "specs/shop.yaml:2:"),
    ):
        spec.write_text(text)
        run(project, "git", "add", ".")
        done = run(project, *pre_commit, "run")
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
    manifested = run(ROOT, *pre_commit, "validate-manifest", ".pre-commit-hooks.yaml")
    assert manifested.returncode == 0, manifested.stdout
