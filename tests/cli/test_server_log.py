"""A password is in no log of a server that logs every statement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chiro_db.embedded import Cluster
from tests.cli.running import chirodb
from tests.servers import Server

_SPEC = """
version: 1
database: {{name: logged}}
targets: {{here: {{url: "{url}"}}}}
roles: {{shop_app: {{password: "${{env:SHOP_PASSWORD}}"}}}}
services:
  shop: {{schema: shop, owner: shop_owner, app: shop_app}}
"""


@pytest.fixture
def talkative() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="chirodb-logged-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        cluster = Cluster(Path(name) / "cluster")
        with Server(cluster.start(), 0).connect() as connection:
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            connection.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
            connection.execute("SELECT pg_reload_conf()")
        yield cluster
        cluster.reset()


def test_no_password_in_the_log_of_the_server(talkative: Cluster, tmp_path: Path) -> None:
    spec = tmp_path / "chirodb.yaml"
    spec.write_text(_SPEC.format(url=talkative.start()))
    secrets = ["first-S3cret-of-shop", "second-S3cret-of-shop"]
    for secret in secrets:
        for command in (["plan"], ["apply", "--yes"], ["plan", "--exit-code"], ["drift"]):
            ran = chirodb(*command, cwd=tmp_path, env={"SHOP_PASSWORD": secret})
            assert ran.code == 0, ran.err
    rotated = chirodb("password", "rotate", "shop_app", cwd=tmp_path)
    assert rotated.code == 0, rotated.err
    told = [chirodb("history", "--format", "json", cwd=tmp_path).out]
    told += [chirodb("history", "show", str(n), cwd=tmp_path).out for n in (1, 2, 3)]
    assert told[-1].count("PASSWORD '***'") == 1, "the rotation is in the history"
    log = (talkative.directory / "server.log").read_text(errors="replace")
    assert "CREATE ROLE shop_app" in log, "the log is of another server"
    assert log.count("ALTER ROLE shop_app PASSWORD") >= 2
    for secret in [*secrets, rotated.out.strip()]:
        assert secret not in log
        assert secret not in "".join(told)
