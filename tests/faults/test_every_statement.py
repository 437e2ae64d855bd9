"""An apply that is hit at each of its statements leaves the old state or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from chiro_db.cli import run
from chiro_db.embedded import Cluster
from tests.cli.running import environment
from tests.faults.proxy import Proxy, proxied
from tests.servers import Database, Server

_SPEC = """
version: 1
database: {{name: {database}}}
roles: {{{database}_stranger: {{member_of: [{database}_reader]}}}}
services:
  shop:
    schema: shop
    owner: {database}_owner
    app: {database}_app
    reader: {database}_reader
    settings: {{statement_timeout: 30s}}
"""
_BEFORE = """
CREATE SCHEMA shop;
CREATE TABLE shop.t (id serial);
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT SELECT ON shop.t TO PUBLIC
"""
# All that an apply of this spec may change, as one text.
_STATE = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT row(rolname, rolcanlogin)::text AS line FROM pg_roles WHERE rolname LIKE %(mine)s
    UNION ALL
    SELECT row(roleid::regrole, member::regrole)::text FROM pg_auth_members
    WHERE member::regrole::text LIKE %(mine)s
    UNION ALL
    SELECT row(nspname, nspowner::regrole, nspacl)::text FROM pg_namespace
    WHERE nspname IN ('shop', 'public')
    UNION ALL
    SELECT row(relname, relowner::regrole, relacl)::text FROM pg_class
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'shop')
    UNION ALL
    SELECT row(proname, proowner::regrole, proacl)::text FROM pg_proc
    WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'shop')
    UNION ALL
    SELECT row(defaclrole::regrole, defaclobjtype, defaclacl)::text FROM pg_default_acl
    UNION ALL
    SELECT row(setrole::regrole, setconfig)::text FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL
    SELECT datacl::text FROM pg_database WHERE datname = current_database()
) lines
"""
_BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE application_name = 'chirodb' AND datname = current_database()
"""


class Shop:
    """A database before its first apply, and an apply through a proxy."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.spec = folder / "chirodb.yaml"
        self.spec.write_text(_SPEC.format(database=database.name))
        with database.connect() as connection:
            connection.execute(_BEFORE)

    def state(self) -> str:
        """Once nothing of the apply is left on the server, its advisory lock included."""
        with self.database.connect() as connection:
            end = time.monotonic() + 20
            while connection.execute(_BACKENDS).fetchall():
                assert time.monotonic() < end, "a backend of the apply is still there"
                time.sleep(0.02)
            locks = connection.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
            ).fetchone()
            assert locks == (0,)
            row = connection.execute(_STATE, {"mine": f"{self.database.name}%"}).fetchone()
        assert row is not None
        return str(row[0])

    def command(self, url: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "chiro_db", *arguments, "--spec", self.spec, "--url", url],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> int:
        with self.command(self.database.conninfo, *arguments) as process:
            process.communicate(timeout=60)
            return process.returncode


def _cut(proxy: Proxy) -> None:
    proxy.cut()


@pytest.fixture
def shop(tmp_path: Path, database: Database) -> Shop:
    return Shop(tmp_path, database)


def _hit(shop: Shop, at: int, fault: str | Callable[[Proxy], None]) -> tuple[int, str]:
    """The number of statements that went through, and what the apply said."""
    running: list[subprocess.Popen[str]] = []

    def terminate(proxy: Proxy) -> None:
        with shop.database.connect() as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({_BACKENDS}) b")

    def kill(proxy: Proxy) -> None:
        os.kill(running[0].pid, signal.SIGKILL)

    faults = {"cut": _cut, "terminate": terminate, "kill": kill}
    chosen = faults[fault] if isinstance(fault, str) else fault
    with proxied(shop.database.conninfo, at, chosen) as proxy:
        url = make_conninfo(
            shop.database.conninfo,
            host="127.0.0.1",
            port=proxy.port,
            sslmode="disable",
            gssencmode="disable",
        )
        if fault != "kill":  # in this process: a start of Python for each statement takes long
            with redirect_stderr(StringIO()) as said, redirect_stdout(StringIO()):
                run(["apply", "--yes", "--spec", str(shop.spec), "--url", url])
            return proxy.seen, said.getvalue()
        with shop.command(url, "apply", "--yes") as process:
            running.append(process)
            _, talk = process.communicate(timeout=60)
        return proxy.seen, talk


@pytest.mark.parametrize(("fault", "step"), [("cut", 1), ("terminate", 1), ("kill", 1)])
def test_never_between(shop: Shop, fault: str, step: int) -> None:
    old, at, reached = shop.state(), 0, set()
    while True:
        at += step
        seen, said = _hit(shop, at, fault)
        now = shop.state()
        if seen < at:  # the whole apply took fewer statements: it has succeeded
            break
        if now != old:
            reached.add(at)
        assert not reached - {at}, f"statement {min(reached)} of more than {at} was kept: {said}"
        assert "Traceback" not in said
        assert "this is a bug" not in said
        if fault != "kill":
            assert "error:" in said or reached
        if reached:
            break
    assert at > 15, "the apply was not hit at its statements"
    assert shop.run("apply", "--yes") == 0
    assert shop.run("plan", "--exit-code") == 0
    assert shop.state() != old


def test_the_server_is_killed(tmp_path: Path, own_cluster: Cluster) -> None:
    """SIGQUIT to the postmaster is `pg_ctl stop -m immediate`; the next start recovers."""

    def kill_the_server(_proxy: Proxy) -> None:
        pid = own_cluster.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)

    server = Server(own_cluster.start(), 0)
    with server.connect() as connection:
        connection.execute("CREATE DATABASE killed")
    shop = Shop(tmp_path, Database("killed", server, server.conninfo_of("killed")))
    old, at = shop.state(), 0
    while shop.state() == old:  # until it was the answer to the commit that came too late
        at += 1
        seen, said = _hit(shop, at, kill_the_server)
        assert seen >= at, "the apply was over before it was hit"
        own_cluster.start()
        assert "error:" in said or shop.state() != old
        assert "this is a bug" not in said
    assert at > 15, "the apply was not hit at its statements"
    assert shop.run("plan", "--exit-code") == 0, "something between the old state and the new"
    assert shop.run("apply", "--yes") == 0
