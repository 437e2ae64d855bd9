"""`chirodb history` as a user meets it."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.test_commands import Project
from tests.cli.test_commands import project as project


def test_who_applied_what_and_when(project: Project) -> None:
    empty = project.run("history")
    assert (empty.code, empty.out) == (0, "")
    assert f"the history of {project.database.name} is empty" in empty.err
    applied = project.run("apply", "--yes", "--service", "books", GITHUB_ACTOR="octocat")
    assert applied.code == 0, applied.err
    assert project.run("apply", "--yes").code == 0
    assert project.run("apply", "--yes").code == 0  # nothing to do, no row

    listed = project.run("history")
    head, _, second, first = listed.out.splitlines()
    assert head.split() == ["#", "when", "who", "from", "target", "what", "commit"]
    assert first.split()[0] == "1"
    assert "octocat as postgres" in first
    assert "created" in first
    assert "of books" in first
    assert "open" in second
    assert len(project.run("history", "--limit", "1").out.splitlines()) == 3

    shown = project.run("history", "show", "1")
    assert "\nCREATE SCHEMA books AUTHORIZATION" in shown.out
    assert "\nservices     books\n" in shown.out
    missing = project.run("history", "show", "7")
    assert (missing.code, missing.out) == (1, "")
    assert "error: the history has no entry 7" in missing.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "1", "--target", "closed", "--format", "json"],
        ["--target", "closed", "--format", "json", "show", "1"],
    ],
)
def test_as_json(project: Project, arguments: list[str]) -> None:
    assert project.run("apply", "--yes", "--target", "open").code == 0
    found = json.loads(project.run("history", "--format", "json").out)
    assert (found["format_version"], found["database"]) == ("1.0", project.database.name)
    (entry,) = found["entries"]
    assert entry["id"] == 1
    assert entry["created"] > 4
    assert "statements" not in entry
    shown = json.loads(project.run("history", *arguments).out)["entry"]
    assert {key: shown[key] for key in entry} == entry
    assert len(shown["statements"]) == entry["statement_count"]
    error = project.run("history", *arguments[:-1], "9") if arguments[-1] == "1" else None
    if error is not None:
        assert error.code == 1
        assert json.loads(error.out)["errored"] is True


def test_columns_fit_a_narrow_terminal(project: Project) -> None:
    assert project.run("apply", "--yes").code == 0
    seen = project.terminal("history", typed={})  # of 80 columns
    assert seen.code == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", seen.out).splitlines()
    assert "as postgres" in " ".join(lines)
    assert max(map(len, lines)) <= 80
