"""A server that follows another one."""

from __future__ import annotations

import shutil
import subprocess

from chiro_db.embedded import Cluster, binaries
from chiro_db.embedded.account import give, server_account
from chiro_db.embedded.files import Files
from tests.servers import Server


def standby_of(primary: Cluster, server: Server) -> Cluster:
    """A copy of its data, which follows it by streaming."""
    files = Files(primary.directory.parent / "standby")
    files.directory.mkdir()
    files.directory.chmod(0o755)
    files.lock.touch()
    shutil.copy(Files(primary.directory).passfile, files.passfile)
    with server.connect() as connection:
        connection.execute("CREATE ROLE follower LOGIN REPLICATION PASSWORD 'pw'")
        port = connection.execute("SHOW port").fetchone()
    account = server_account(Files(primary.directory).data)
    assert port is not None
    follower = f"host=127.0.0.1 port={port[0]} user=follower password=pw application_name=second"
    subprocess.run(
        [binaries.client("pg_basebackup"), "-D", files.data, "-d", follower, "-R", "-X", "stream",
         "-c", "fast"],
        check=True, capture_output=True,
    )  # fmt: skip
    for path in (files.data, *files.data.rglob("*")):
        give(path, account)
    return Cluster(files.directory)
