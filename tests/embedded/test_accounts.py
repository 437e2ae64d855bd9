"""Who runs the server, and who may read what of it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chiro_db.embedded import Cluster, binaries
from chiro_db.embedded.account import run, server_account
from chiro_db.embedded.files import Files
from chiro_db.embedded.reachable import copy
from chiro_db.errors import EmbeddedError
from tests.embedded.asking import ask

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another account")


def _modes(files: Files) -> dict[str, str]:
    return {path.name: stat.filemode(path.stat().st_mode) for path in files.directory.iterdir()}


def test_only_the_server_reads_the_data_and_only_the_user_the_password(
    cluster: Cluster, files: Files
) -> None:
    cluster.start()
    modes = _modes(files)
    assert modes["passfile"] == modes["server.log"] == "-rw-------"
    assert modes["data"] == modes["socket"] == "drwx------"
    assert files.passfile.stat().st_uid == os.geteuid()
    assert "password-new" not in modes


@as_root
@pytest.mark.parametrize("name", ["nobody", ""])
def test_root_runs_it_as_an_unprivileged_account(
    cluster: Cluster, files: Files, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CHIRODB_PG_USER", name)
    monkeypatch.setenv("SECRET_OF_ROOT", "1")
    cluster.start()
    process = Path(f"/proc/{cluster.status().pid}")
    account = pwd.getpwuid(process.stat().st_uid)
    assert account.pw_uid != 0
    assert account.pw_name == (name or account.pw_name)
    assert files.data.stat().st_uid == account.pw_uid
    groups = next(line for line in _lines(process / "status") if line.startswith("Groups:"))
    assert {int(group) for group in groups.split()[1:]} == {
        *os.getgrouplist(account.pw_name, account.pw_gid)
    }
    seen = run(("/usr/bin/env",), server_account(files.data), 10).stdout.splitlines()
    assert {line.partition("=")[0] for line in seen} - {"TZ"} == {"PATH", "LC_ALL"}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


@as_root
def test_an_account_keeps_the_data_that_it_made(
    cluster: Cluster, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIRODB_PG_USER", "nobody")
    cluster.start()
    cluster.stop()
    monkeypatch.delenv("CHIRODB_PG_USER")
    assert ask(cluster.start(), "SELECT 1") == 1
    cluster.stop()
    monkeypatch.setenv("CHIRODB_PG_USER", "daemon")
    with pytest.raises(EmbeddedError, match="belongs to user"):
        cluster.start()
    for bad, message in (("no-such-account", "there is no account"), ("root", "is root")):
        monkeypatch.setenv("CHIRODB_PG_USER", bad)
        with pytest.raises(EmbeddedError, match=message):
            cluster.start()


@as_root
def test_programs_that_the_account_cannot_run_are_copied(
    cluster: Cluster, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = place / "private"  # such as a virtual environment below /root
    private.mkdir(mode=0o700)
    monkeypatch.setenv("CHIRODB_PG_BINDIR", str(copy(binaries.server(), private)))
    assert ask(cluster.start(), "SELECT 1") == 1
    assert len([*cluster.directory.glob("binaries-*")]) == 1
    assert stat.filemode(private.stat().st_mode) == "drwx------"
    shutil.rmtree(private)
    assert cluster.stop() is True


@as_root
def test_a_state_directory_that_the_account_cannot_enter_is_refused_and_left_as_it_is(
    place: Path,
) -> None:
    place.chmod(0o700)
    cluster = Cluster(place / "cluster")
    with pytest.raises(EmbeddedError, match="cannot enter the state directory") as said:
        cluster.start()
    assert "CHIRODB_STATE_DIR" in (said.value.hint or "")
    assert stat.filemode(place.stat().st_mode) == "drwx------"
    cluster.reset()


@as_root
def test_another_users_directory_is_refused(place: Path) -> None:
    os.chown(place, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(EmbeddedError, match="another user's"):
        Cluster(place).start()


@as_root
def test_an_ordinary_user_runs_it_as_oneself(place: Path) -> None:
    """In another process, which imports everything and then gives up being root for good."""
    user = pwd.getpwnam("nobody")
    os.chown(place, user.pw_uid, user.pw_gid)
    source = place.with_name(place.name + "-programs")
    source.mkdir(mode=0o755)
    try:
        bindir = copy(binaries.server(), source)  # the environment may lie below /root
        done = subprocess.run(
            [sys.executable, "-m", "tests.embedded.ordinary", user.pw_name, str(place)],
            env=os.environ | {"CHIRODB_PG_BINDIR": str(bindir), "HOME": str(place)},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        shutil.rmtree(source)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all well\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_where_one_may_not_write_is_refused() -> None:
    with pytest.raises(EmbeddedError, match="cannot be made"):
        Cluster(Path("/chirodb-is-not-allowed-here")).start()
