"""Who applies and on what commit: asked of git and of the environment, never needed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chiro_db.apply.origin import origin

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """In a repository of the test's own, whatever the machine's configuration says."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def run(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments],  # noqa: S607 - wherever git is
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    run("init", "-q")
    return run


def test_the_commit_and_whether_the_spec_differs_from_it(tmp_path: Path, git: Git) -> None:
    spec, part = tmp_path / "chirodb.yaml", tmp_path / "services" / "shop.yml"
    part.parent.mkdir()
    spec.write_text("version: 1")
    part.write_text("a")
    assert origin(spec, {}).commit is None  # no commit yet
    git("add", ".")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD")
    for path in (spec, tmp_path):
        assert (origin(path, {}).commit, origin(path, {}).dirty) == (commit, False)
    (tmp_path / "notes.txt").write_text("not of the spec")
    part.write_text("b")
    assert origin(spec, {}).dirty is False
    assert origin(tmp_path, {}).dirty is True
    git("checkout", "-q", ".")
    (tmp_path / ".gitignore").write_text("*.yml\n")
    (tmp_path / "new.yml").write_text("ignored, but read")
    assert origin(tmp_path, {}).dirty is True


def test_nothing_that_the_repository_names_is_run(tmp_path: Path, git: Git) -> None:
    spec, ran = tmp_path / "chirodb.yaml", tmp_path / "ran"
    spec.write_text("version: 1")
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    git("add", "chirodb.yaml")
    git("commit", "-qm", "first")
    git("config", "core.fsmonitor", str(hook))
    assert origin(spec, {}).commit
    assert not ran.exists()
    git("status")
    assert ran.exists(), "the hook of this test is none"


@pytest.mark.parametrize("path", ["", "/nonexistent"])
def test_without_git_and_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    if path:
        monkeypatch.setenv("PATH", path)
    found = origin(tmp_path, {})
    assert (found.commit, found.dirty, found.actor) == (None, None, None)
    assert found.host
    assert found.os_user


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {
                "GITHUB_ACTOR": "octocat",
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SHA": "abc",
            },
            ("octocat", "https://github.example/o/r/actions/runs/7", "abc"),
        ),
        ({"GITHUB_ACTOR": "octocat"}, ("octocat", None, None)),
        ({"GITLAB_USER_LOGIN": "tanuki", "CI_JOB_URL": "u"}, ("tanuki", "u", None)),
        ({"BUILD_USER_ID": "a\0\udcff" + "b" * 900}, ("a?" + "b" * 498, None, None)),
    ],
)
def test_what_ci_says(
    tmp_path: Path, environment: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    found = origin(tmp_path, environment)
    assert (found.actor, found.job, found.commit) == expected
