"""Through PgBouncer in transaction mode, where each transaction may meet another server session."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.cli.running import chirodb
from tests.fetched import fetched
from tests.servers import Database

_CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
pidfile = {folder}/pid
"""
_SPEC = """
version: 1
database: {{name: {database}}}
services:
  shop:
    schema: shop
    owner: {database}_owner
    app: {database}_app
    settings: {{statement_timeout: 30s}}
"""


@pytest.fixture(scope="module")
def program() -> str:
    return str(fetched("pgbouncer"))


@pytest.fixture
def pooled(program: str, database: Database) -> Iterator[str]:
    """A conninfo of the database through a pooler of its own."""
    folder = Path("/tmp") / f"chirodb-pooler-{os.getpid()}"  # noqa: S108 - its account must enter
    folder.mkdir(mode=0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = free.getsockname()[1]
    upstream = conninfo_to_dict(database.conninfo)
    password = Path(str(upstream["passfile"])).read_text().strip().rpartition(":")[2]
    config = folder / "pgbouncer.ini"
    config.write_text(
        _CONFIG.format(
            host=f"127.0.0.1 user={upstream['user']} password={password}",
            port=upstream["port"],
            listen=listen,
            folder=folder,
        )
    )
    libraries = Path(program).parents[1] / "lib" / "x86_64-linux-gnu"
    copied = Path(shutil.copy(program, folder / "pgbouncer"))
    if libraries.is_dir():  # beside a program that was fetched, not installed
        shutil.copytree(libraries, folder / "lib")
    user = "nobody" if os.geteuid() == 0 else None  # as root it refuses to run
    if user is not None:
        shutil.chown(folder, user)
        shutil.chown(config, user)
    process = subprocess.Popen(
        [copied, str(config)],
        env={"LD_LIBRARY_PATH": str(folder / "lib"), "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=user,
        extra_groups=() if user else None,
    )
    conninfo = make_conninfo(
        "", host="127.0.0.1", port=listen, dbname=database.name, user=upstream["user"],
        sslmode="disable",
    )  # fmt: skip
    try:
        _until_it_answers(conninfo)
        yield conninfo
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _until_it_answers(conninfo: str) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def test_plan_apply_and_drift_through_a_transaction_pooler(
    pooled: str, database: Database, tmp_path: Path
) -> None:
    spec = tmp_path / "chirodb.yaml"
    spec.write_text(_SPEC.format(database=database.name))
    given = ("--spec", str(spec), "--url", pooled)
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.t (id serial)")
    applied = chirodb("apply", "--yes", *given)
    assert applied.code == 0, applied.err
    assert chirodb("plan", "--exit-code", *given).code == 0
    with database.connect() as connection:
        connection.execute("GRANT SELECT ON shop.t TO PUBLIC")
    assert chirodb("drift", *given).code == 2
    assert chirodb("apply", "--yes", *given).code == 0
    assert chirodb("drift", *given).code == 0
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM chirodb.history").fetchone() == (2,)
    with psycopg.connect(pooled) as connection:  # nothing of ours stays with the session
        row = connection.execute("SHOW lock_timeout").fetchone()
        assert row == ("0",)
        row = connection.execute("SHOW search_path").fetchone()
        assert row == ('"$user", public',)
