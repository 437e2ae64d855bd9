"""The life of a server of an ordinary user; `python -m tests.embedded.ordinary USER DIRECTORY`."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import sys
from pathlib import Path

import pytest

# All at once, for after the change of user python's own files may be out of reach.
from chiro_db import lock
from chiro_db.embedded import Cluster, starting, state_directory, stopping
from chiro_db.errors import EmbeddedError
from tests.embedded.asking import ask, tell, until

assert lock
assert starting
assert stopping


def main(name: str, place: Path) -> None:
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.pop("CHIRODB_STATE_DIR", None)
    os.environ.pop("XDG_STATE_HOME", None)
    os.environ["HOME"] = str(place)
    os.chdir("/")

    directory = state_directory(place / "chirodb.yaml")
    assert directory.parent == place / ".local" / "state" / "chirodb"
    cluster = Cluster(directory)
    try:
        _live(cluster, user.pw_uid)
    finally:
        cluster.reset()
    assert not cluster.directory.exists()
    with pytest.raises(EmbeddedError, match="cannot be made"):
        Cluster(Path("/chirodb-not-allowed")).start()
    sys.stdout.write("all well\n")


def _live(cluster: Cluster, uid: int) -> None:
    conninfo = cluster.start()
    found = cluster.status()
    assert found.pid is not None
    assert Path(f"/proc/{found.pid}").stat().st_uid == uid
    assert stat.S_IMODE(cluster.directory.stat().st_mode) == 0o700
    tell(conninfo, "CREATE TABLE kept ()")
    assert cluster.start() == conninfo

    os.kill(found.pid, signal.SIGKILL)
    until(lambda: not cluster.status().running)
    assert cluster.start() == conninfo
    assert ask(conninfo, "SELECT count(*) FROM kept") == 0

    # This process has the user's pid: PostgreSQL alone would take it for the server.
    pid_file = found.data_directory / "postmaster.pid"
    stale = pid_file.read_text().split("\n", 1)[1]
    assert cluster.stop() is True
    pid_file.write_text(f"{os.getpid()}\n{stale}")
    assert cluster.stop() is False
    pid_file.write_text(f"{os.getpid()}\n{stale}")
    assert cluster.start() == conninfo
    assert not list(cluster.directory.glob("binaries-*"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
