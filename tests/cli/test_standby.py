"""What only reads works on a standby; what changes something says that it is one."""

from __future__ import annotations

import time
from pathlib import Path

from chiro_db.embedded import Cluster
from tests.cli.running import Ran, chirodb
from tests.servers import Server
from tests.standby import standby_of

_SPEC = """
version: 1
database: {name: shop}
roles: {sales_app: {password: "${env:PW}"}}
services: {sales: {schema: sales, owner: sales_owner, app: sales_app}}
"""
_READING = (
    ("plan", 0, "Plan: 0 to create, 0 to change, 1 to remove"),
    ("drift", 2, "USAGE on schema sales held by PUBLIC"),
    ("history", 0, "created"),
    ("history show 1", 0, "CREATE SCHEMA"),
    ("access", 0, "sales_app"),
    ("audit", 2, "privileged-login"),
    ("inspect", 0, "schema: sales"),
    ("plan --out saved.plan", 0, ""),
)
_CHANGING = ("apply --yes", "apply saved.plan", "apply --yes --by-service")


def test_on_a_standby(own_cluster: Cluster, tmp_path: Path) -> None:
    primary = own_cluster.start()
    standby = standby_of(own_cluster, Server(primary, 0))
    (tmp_path / "chirodb.yaml").write_text(_SPEC)

    def run(command: str, conninfo: str) -> Ran:
        env = {"CHIRODB_URL": f"{conninfo} dbname=shop", "PW": "hush"}
        return chirodb(*command.split(), cwd=tmp_path, env=env)

    try:
        second = standby.start()
        assert run("apply --yes", primary).code == 0
        with Server(primary, 0).connect("shop") as connection:
            connection.execute("GRANT USAGE ON SCHEMA sales TO PUBLIC")
        end = time.monotonic() + 30
        while run("drift", second).code != 2 and time.monotonic() < end:
            time.sleep(0.1)
        for command, code, said in _READING:
            ran = run(command, second)
            assert ran.code == code, (command, ran.out, ran.err)
            assert said in " ".join(ran.out.split()), command
        for command in _CHANGING:
            ran = run(command, second)
            assert ran.code == 1, command
            assert "error: the server is a standby, which takes no changes" in ran.err, ran.err
        ran = run("password rotate sales_app", second)
        assert ran.code == 1
        assert "standby" in ran.err
    finally:
        standby.reset()
