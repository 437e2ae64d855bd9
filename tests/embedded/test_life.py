"""Start, stop, reset, and every way in which a server can have died meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chiro_db.embedded import Cluster, Status
from chiro_db.embedded.endpoint import is_free
from chiro_db.embedded.files import Files
from chiro_db.embedded.processes import is_postmaster
from chiro_db.errors import EmbeddedError
from tests.embedded.asking import ask, tell, until

_START = """
import sys, pathlib, chiro_db.embedded
print(chiro_db.embedded.Cluster(pathlib.Path(sys.argv[1])).start())
"""


def _starting(cluster: Cluster) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _START, str(cluster.directory)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def _pid(cluster: Cluster) -> int:
    pid = cluster.status().pid
    assert pid is not None
    return pid


def _kill(cluster: Cluster) -> None:
    os.kill(_pid(cluster), signal.SIGKILL)
    until(lambda: not cluster.status().running)  # the kernel takes a moment


def _port(cluster: Cluster) -> int:
    port = cluster.status().port
    assert port is not None
    return port


def test_a_server_is_made_found_again_stopped_and_started_with_its_data(
    cluster: Cluster, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not cluster.status().running
    assert cluster.stop() is False
    assert not cluster.directory.exists()

    conninfo = cluster.start()
    pid = _pid(cluster)
    tell(conninfo, "CREATE TABLE kept ()")
    assert ask(conninfo, "SHOW data_checksums") == "on"
    assert ask(conninfo, "SHOW fsync") == "on"
    assert ask(conninfo, "SHOW server_encoding") == "UTF8"
    assert ask(conninfo, "SHOW shared_preload_libraries") == "pg_stat_statements"
    assert ask(conninfo, "SELECT datcollate FROM pg_database WHERE datname = 'template1'") == (
        "C.UTF-8"
    )
    assert ask(f"{conninfo} host=127.0.0.1", "SELECT 1") == 1

    with monkeypatch.context() as without:  # to find it takes no process, which would cost time
        without.setattr(subprocess, "Popen", None)
        assert cluster.start() == conninfo
    assert _pid(cluster) == pid
    version = cluster.status().version
    assert version
    assert ask(conninfo, "SHOW server_version").startswith(version)

    assert cluster.stop() is True
    assert cluster.stop() is False
    assert not is_postmaster(pid, files.data)
    assert cluster.status().conninfo is None
    assert cluster.start() == conninfo
    assert ask(conninfo, "SELECT count(*) FROM kept") == 0


def test_a_password_is_needed_on_every_way_in(cluster: Cluster) -> None:
    conninfo = cluster.start().partition(" passfile=")[0] + " passfile=/dev/null"
    for host in ("", " host=127.0.0.1"):
        with pytest.raises(Exception, match="no password supplied"):
            ask(conninfo + host, "SELECT 1")


def test_two_commands_that_start_it_at_once_share_one_server(cluster: Cluster) -> None:
    racers = [_starting(cluster) for _ in range(3)]
    printed = {racer.communicate(timeout=60)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert printed == {cluster.start() + "\n"}


def test_it_recovers_from_kill_9_stale_pid_files_a_taken_port_and_a_reboot(
    cluster: Cluster, files: Files
) -> None:
    conninfo = cluster.start()
    tell(conninfo, "CREATE TABLE kept ()")

    pid = _pid(cluster)  # killed with its children still about
    _kill(cluster)
    assert cluster.start() == conninfo
    assert _pid(cluster) != pid

    # Killed, and its pid is now another process' of the account: a live one, and no server.
    _kill(cluster)
    owner = files.data.stat()
    with subprocess.Popen(["/bin/sleep", "60"], **_as(owner.st_uid, owner.st_gid)) as other:  # type: ignore[call-overload]
        stale = (files.data / "postmaster.pid").read_text().split("\n", 1)[1]
        (files.data / "postmaster.pid").write_text(f"{other.pid}\n{stale}")
        assert not cluster.status().running
        assert cluster.start() == conninfo
        assert cluster.stop() is True
        (files.data / "postmaster.pid").write_text(f"{other.pid}\n{stale}")
        assert cluster.stop() is False
        assert other.poll() is None
        other.kill()

    # The port was taken while it was down: another one, and it is remembered.
    port = _port(cluster)
    with socket.create_server(("127.0.0.1", port)):
        moved = cluster.start()
        assert _port(cluster) != port
        assert ask(moved, "SELECT count(*) FROM kept") == 0
        cluster.stop()
    assert is_free(port)
    assert cluster.start() == moved

    # A power cut: no process, a pid file, no socket.
    pid_file = (files.data / "postmaster.pid").read_text()
    cluster.stop()
    (files.data / "postmaster.pid").write_text(pid_file)
    shutil.rmtree(cluster.directory / "socket")
    assert ask(cluster.start(), "SELECT count(*) FROM kept") == 0


def _as(uid: int, gid: int) -> dict[str, object]:
    return {"user": uid, "group": gid, "extra_groups": ()} if os.geteuid() == 0 else {}


def test_a_backend_that_outlives_the_postmaster_is_ended(cluster: Cluster) -> None:
    conninfo = cluster.start()
    endless = "import psycopg, sys; psycopg.connect(sys.argv[1]).execute(sys.argv[2])"
    # never looks whether the postmaster lives; ends by itself should the test be killed
    loop = """DO $$ DECLARE ending timestamptz := clock_timestamp() + interval '60 s';
              BEGIN WHILE clock_timestamp() < ending LOOP END LOOP; END $$"""
    arguments = [sys.executable, "-c", endless, f"{conninfo} dbname=postgres", loop]
    count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%'"
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as busy:
        try:
            until(lambda: ask(conninfo, count) == 1)
            _kill(cluster)
            assert cluster.start() == conninfo
            assert busy.wait(10) != 0
            assert ask(conninfo, count) == 0
        finally:
            busy.kill()


def test_a_deleted_socket_is_made_again(cluster: Cluster) -> None:
    conninfo = cluster.start()
    shutil.rmtree(cluster.directory / "socket")
    assert not cluster.status().running
    assert cluster.start() == conninfo
    assert ask(conninfo, "SELECT 1") == 1


def test_a_start_that_is_killed_while_initdb_works_leaves_nothing_behind(
    cluster: Cluster, files: Files
) -> None:
    with _starting(cluster) as killed:
        until(lambda: any(cluster.directory.glob("data-new-*/base")))
        killed.kill()
    assert not files.data.exists()
    assert not cluster.status().running
    conninfo = cluster.start()
    assert ask(conninfo, "SELECT 1") == 1
    assert not [*cluster.directory.glob("*-new*")]


def test_a_deep_state_directory_has_its_socket_elsewhere(place: Path) -> None:
    cluster = Cluster(place / ("deep" * 10) / ("deeper, with 'quotes' and spaces" * 3))
    try:
        conninfo = cluster.start()
        sockets = cluster.status().socket_directory
        assert sockets is not None
        assert place not in sockets.parents
        assert ask(conninfo, "SELECT 1") == 1
        cluster.stop()
        assert cluster.start() == conninfo
        cluster.stop()
        shutil.rmtree(sockets)  # as a reboot does
        assert ask(cluster.start(), "SELECT 1") == 1
        sockets = cluster.status().socket_directory
    finally:
        cluster.reset()
    assert sockets
    assert not sockets.exists()


def test_reset_deletes_what_was_made_and_nothing_else(cluster: Cluster, files: Files) -> None:
    cluster.start()
    pid = _pid(cluster)
    assert is_postmaster(pid, files.data)
    mine = cluster.directory / "mine.txt"
    mine.touch()
    cluster.reset()
    assert [*cluster.directory.iterdir()] == [mine]
    assert not is_postmaster(pid, files.data)
    for refused in (cluster.start, cluster.reset):
        with pytest.raises(EmbeddedError, match="not chirodb's"):
            refused()
    mine.unlink()
    cluster.reset()
    cluster.reset()


def test_a_start_that_fails_says_what_the_server_said(cluster: Cluster, files: Files) -> None:
    cluster.start()
    cluster.stop()
    (files.data / "postgresql.auto.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(EmbeddedError, match='invalid value for parameter "shared_buffers"') as said:
        cluster.start()
    assert said.value.where == str(files.log)
    assert said.value.hint
    assert cluster.status() == Status(
        running=False,
        pid=None,
        port=cluster.status().port,
        socket_directory=cluster.directory / "socket",
        data_directory=files.data,
        passfile=files.passfile,
        version=cluster.status().version,
        conninfo=None,
    )


def test_data_of_another_major_version_is_refused_with_both_ways_out(
    cluster: Cluster, files: Files
) -> None:
    cluster.start()
    cluster.stop()
    (files.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 9's, but the server found is") as said:
        cluster.start()
    assert "CHIRODB_PG_BINDIR" in (said.value.hint or "")
    assert "dev reset" in (said.value.hint or "")
