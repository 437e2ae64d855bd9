"""Shell completion: what bash, zsh and fish are told, and that they are told nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Ran, environment

SPEC = """
version: 1
database: {name: shop}
targets: {dev: {embedded: true}, prod: {url: "${env:URL}"}}
roles: {shop_app: {password: "${env:X}"}, reporting: }
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app}
  "two words": {schema: two, owner: two_owner}
"""
LINES: list[tuple[str, list[str]]] = [
    ("pla", ["plan"]),
    ("plan --target ", ["dev", "prod"]),
    ("drift --target p", ["prod"]),
    ("plan --service s", ["shop"]),
    ("connection ", ["shop", "two words"]),
    ("connection shop --format j", ["jdbc"]),
    ("connection shop --role shop_", ["shop_app", "shop_owner"]),
    ("connection shop --role m", ["migrator"]),
    ("password rotate ", ["shop_app"]),
    ("apply --allow dr", ["drops-role"]),
    ("history sh", ["show"]),
    ("plan --spec other.yaml --target ", ["of_other"]),
    ("plan --spec missing.yaml --target ", []),
    ("plan --spec broken.yaml --target ", []),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chirodb.yaml").write_text(SPEC)
    (tmp_path / "other.yaml").write_text("targets: {of_other: }\nwrong: [1, 2]\n")
    (tmp_path / "broken.yaml").write_text("targets: {a: \n  - b: c: d")
    return tmp_path


def complete(folder: Path, shell: str, **variables: str) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "chiro_db"],
        cwd=folder,
        env=environment({"_CHIRODB_COMPLETE": f"complete_{shell}", **variables}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_what_bash_is_told(folder: Path, line: str, expected: list[str]) -> None:
    number = len(line.split(" "))
    told = complete(folder, "bash", COMP_WORDS=f"chirodb {line}", COMP_CWORD=str(number))
    assert (told.code, told.err) == (0, "")
    assert told.out.split("\n")[:-1] == (expected or [""])


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_what_other_shells_are_told(folder: Path, shell: str) -> None:
    line = {"_TYPER_COMPLETE_ARGS": "chirodb plan --target "}
    told = complete(folder, shell, _TYPER_COMPLETE_FISH_ACTION="get-args", **line)
    assert (told.code, told.err) == (0, "")
    assert "dev" in told.out
    assert "prod" in told.out


def test_in_bash_itself(folder: Path) -> None:
    """The script that `--show-completion` prints, sourced."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "chirodb"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chiro_db "$@"\n')
    program.chmod(0o755)
    bash = shutil.which("bash")
    assert bash
    script = (
        'eval "$(chirodb --show-completion bash)"\n'
        "COMP_WORDS=(chirodb plan --target '')\nCOMP_CWORD=3\n"
        "$(complete -p chirodb | sed 's/.*-F \\([^ ]*\\) .*/\\1/') chirodb\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        cwd=folder,
        env=environment({"PATH": f"{programs}:{os.environ['PATH']}"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["dev", "prod"], done.stderr
