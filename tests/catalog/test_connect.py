"""What goes wrong with a connection is one message with a hint."""

from __future__ import annotations

import socket
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from chiro_db.catalog import connect
from chiro_db.catalog.connect import connected, connected_if_exists, where
from chiro_db.errors import ChirodbError, ConnectError, RefusedError
from tests.provisioning import Provisioning


def failure(conninfo: str, database: str = "db") -> ChirodbError:
    with (
        pytest.raises((ConnectError, RefusedError)) as caught,
        connected_if_exists(where(conninfo, database)),
    ):
        pass
    error: ChirodbError = caught.value
    assert "\n" not in error.message
    return error


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(f"host=127.0.0.1 port={port} user=x")
    assert error.message.startswith(f"cannot connect to 127.0.0.1:{port}: ")
    assert error.hint == "is the server running there, and does it listen on that port?"
    assert error.message.endswith("Connection refused")


def test_no_socket() -> None:
    error = failure("host=/nowhere user=x")
    assert error.hint == "is the server running on this machine?"
    assert error.message.endswith("No such file or directory")


def test_an_unknown_host() -> None:
    assert failure("host=no.such.host.invalid user=x").hint == "check the host name"


def test_no_url_at_all() -> None:
    with pytest.raises(ConnectError) as caught:
        where("postgresql://[", "db")
    assert "postgresql://" in (caught.value.hint or "")


def test_another_database_than_the_specs() -> None:
    with pytest.raises(ConnectError) as caught:
        where("postgresql://localhost/other", "db")
    assert caught.value.message == "the URL names the database `other`, the spec `db`"
    assert caught.value.hint


def test_the_wrong_password(provision: Provisioning) -> None:
    provision.query("CREATE ROLE someone LOGIN PASSWORD 'right'")
    try:
        provision.database.connect(user="someone", password="wrong").close()
        pytest.skip("the server lets every role in without a password")
    except psycopg.OperationalError:
        pass
    wrong = make_conninfo(provision.conninfo, user="someone", password="wrong")
    error = failure(wrong, provision.name)
    assert "check the password" in (error.hint or "")
    assert "wrong" not in error.message
    absent = failure(make_conninfo(provision.conninfo, user="nobody", password="x"))
    assert 'user "nobody"' in absent.message


def test_no_connect_privilege(provision: Provisioning) -> None:
    provision.query("CREATE ROLE someone LOGIN PASSWORD 'right'")
    provision.apply("")
    conninfo = make_conninfo(provision.conninfo, user="someone", password="right")
    error = failure(conninfo, provision.name)
    assert error.hint == f"grant it: GRANT CONNECT ON DATABASE {provision.name} TO someone"


def test_a_database_that_does_not_exist(provision: Provisioning) -> None:
    with connected_if_exists(where(provision.conninfo, "missing")) as connection:
        assert connection.info.dbname == "postgres"
    with pytest.raises(ConnectError) as caught, connected(where(provision.conninfo, "missing")):
        pass
    assert caught.value.hint == "check its name; `chirodb apply` makes the one of the spec"


def test_a_server_that_is_too_old(provision: Provisioning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "OLDEST", 990000)
    error = failure(provision.conninfo, provision.name)
    assert error.hint == "chirodb needs PostgreSQL 14 or newer"


def test_who_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    to = where("host=db.internal port=6432 password=hush", "db")
    assert str(to) == "db.internal:6432"
    assert str(where("service=prod", "db")) == "service prod"
    assert str(replace(to, parameters={})) == "the default server"
    monkeypatch.setenv("PGHOST", "from.variables")
    monkeypatch.setenv("PGPORT", "7000")
    assert str(replace(to, parameters={})) == "from.variables:7000"
    assert str(where("host=db.internal", "db")) == "db.internal:7000"
    assert str(where("service=prod", "db")) == "service prod"
