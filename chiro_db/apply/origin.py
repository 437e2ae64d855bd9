"""Who runs chirodb and on what commit, as the client's machine knows it."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 500  # characters of whatever an environment says
_TIMEOUT = 5.0  # seconds for git
# Who, which run, which commit: the variables of CI systems; `{X}` is a variable.
_CI = (
    (
        "GITHUB_ACTOR",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "GITHUB_SHA",
    ),
    ("GITLAB_USER_LOGIN", "{CI_JOB_URL}", "CI_COMMIT_SHA"),
    ("BUILDKITE_BUILD_CREATOR", "{BUILDKITE_BUILD_URL}", "BUILDKITE_COMMIT"),
    ("CIRCLE_USERNAME", "{CIRCLE_BUILD_URL}", "CIRCLE_SHA1"),
    ("BUILD_USER_ID", "{BUILD_URL}", "GIT_COMMIT"),  # Jenkins
    ("BUILD_REQUESTEDFOR", "{BUILD_BUILDURI}", "BUILD_SOURCEVERSION"),  # Azure Pipelines
)


@dataclass(frozen=True, slots=True)
class Origin:
    """None where it is not known; what CI says of itself is its word alone."""

    os_user: str | None
    host: str | None
    actor: str | None
    job: str | None
    commit: str | None
    dirty: bool | None  # whether the spec's files differ from the commit


def origin(spec: Path, environment: Mapping[str, str] = os.environ) -> Origin:
    """Of this process, which reads that spec."""
    actor, job, commit = _ci(environment)
    found, dirty = _git(spec)
    return Origin(_plain(_user()), _plain(socket.gethostname()), actor, job, found or commit, dirty)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in containers
        return str(os.getuid())


def _ci(environment: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    for actor, job, commit in _CI:
        if actor in environment:
            try:
                run = job.format_map(environment)
            except KeyError:
                run = ""
            return _plain(environment[actor]), _plain(run), _plain(environment.get(commit, ""))
    return None, None, None


def _git(spec: Path) -> tuple[str | None, bool | None]:
    """The commit that is checked out where the spec is; nothing without git or a repository."""
    folder, files = (spec, ["*.yaml", "*.yml"])
    if not spec.is_dir():
        folder, files = spec.parent, [f":(literal){spec.name}"]
    # Nothing that the repository names shall run, and nothing is written.
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(folder)]
    command += ["status", "--porcelain=v2", "--branch", "--ignored", "--untracked-files=all", "--"]
    try:
        done = subprocess.run(
            [*command, *files],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None, None
    rows = done.stdout.decode(errors="replace").splitlines()
    commits = [row.removeprefix("# branch.oid ") for row in rows if row.startswith("# branch.oid ")]
    if done.returncode or not commits or commits[0] == "(initial)":
        return None, None
    return commits[0], any(not row.startswith("#") for row in rows)


def _plain(text: str) -> str | None:
    """As a column can hold it."""
    return text.encode(errors="replace").decode().replace("\0", "")[:_LONGEST] or None
