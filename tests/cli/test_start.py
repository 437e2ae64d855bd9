"""What starting costs: counted in modules, since milliseconds differ from run to run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.running import environment

_PROGRAM = """
import json, sys
from chiro_db.cli import run
code = run(sys.argv[1:])
print("\\n" + json.dumps([code, sorted({m.split(".")[0] for m in sys.modules})]))
"""


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], {"psycopg", "jinja2", "yaml", "rich", "pydantic", "asyncio"}),
        (
            ["plan", "--help"],
            {"psycopg", "jinja2", "yaml", "rich", "asyncio"},
        ),  # typer loads pydantic
        (["validate"], {"psycopg", "jinja2", "rich", "asyncio"}),
    ],
)
def test_a_command_imports_only_what_it_uses(arguments: list[str], unused: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert "typer" in modules, "the list of modules is empty or of another process"
    assert not unused & set(modules)
