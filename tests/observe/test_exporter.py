"""`chirodb metrics` from the outside: printed, written to a file, served."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import trustme

from chiro_db.embedded import Cluster
from chiro_db.observe import exporter
from chiro_db.observe.families import Sample
from tests.cli.running import chirodb, environment
from tests.observe.scraping import parsed
from tests.provisioning import Provisioning
from tests.servers import Server

SPEC = """
database: {name: DATABASE, extensions: {pg_stat_statements: {schema: public}}}
services: {shop: {schema: shop, owner: DATABASE_so}}
"""


@contextmanager
def serving(
    folder: Path, url: str, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of `metrics --listen`, on a free port."""
    command = [sys.executable, "-m", "chiro_db", "metrics", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--spec", str(folder / "spec.yaml"), "--url", url, *arguments],
        env=environment(env),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        try:
            assert line.startswith("serving "), line
            yield line.split()[1]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130


def got(address: str, *, headers: Mapping[str, str] | None = None, ca: Path | None = None) -> str:
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    request = urllib.request.Request(address, headers=dict(headers or {}))  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:  # noqa: S310
        return str(answer.read().decode())


def up(text: str) -> float:
    return parsed(text)["chirodb_up", ()]


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    provision.apply(SPEC)
    return provision


def test_printed_once_with_drift(shop: Provisioning) -> None:
    given = ("--spec", str(shop.folder / "spec.yaml"), "--url", shop.conninfo)
    drift = ("chirodb_service_drift_changes", (("service", "shop"),))
    printed = chirodb("metrics", *given)
    assert printed.code == 0, printed.err
    assert parsed(printed.out)[drift] == 0
    assert "a lower bound" in printed.out
    findings = "chirodb_service_audit_findings"
    keyless = (findings, (("service", "shop"), ("severity", "warning")))
    assert parsed(printed.out)[keyless] == 0
    shop.query("CREATE TABLE shop.t (); GRANT SELECT ON shop.t TO PUBLIC")
    later = parsed(chirodb("metrics", *given).out)
    assert later[drift] > 0
    audited = json.loads(chirodb("audit", *given, "--format", "json").out)["findings"]
    about = [f for f in audited if "shop" in f["subject"]]
    assert about
    assert sum(v for (name, labels), v in later.items()
               if name == findings and ("service", "shop") in labels) == len(about)  # fmt: skip
    assert ("chirodb_scrape_unseen", (("what", "audit"),)) not in later


def test_no_server_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "chirodb.yaml").write_text("version: 1\ndatabase: {name: d}\n")
    ran = chirodb("metrics", "--url", "host=127.0.0.1 port=1 user=x", cwd=tmp_path)
    assert ran.code == 1
    assert "cannot connect" in ran.err
    assert ran.out == ""


def test_a_textfile_is_whole_at_any_time(shop: Provisioning) -> None:
    given = ("--spec", str(shop.folder / "spec.yaml"), "--url", shop.conninfo)
    path = shop.folder / "chirodb.prom"
    path.write_text("old")
    before = path.stat().st_ino
    assert chirodb("metrics", "--textfile", str(path), *given).code == 0
    assert up(path.read_text()) == 1
    assert path.stat().st_ino != before, "another file took its place"
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444, "node_exporter must read it"
    assert [p.name for p in shop.folder.iterdir() if "prom" in p.name] == ["chirodb.prom"]
    refused = chirodb("metrics", "--textfile", str(shop.folder / "no" / "x.prom"), *given)
    assert refused.code == 1
    assert "cannot write" in refused.err


def test_served_to_many_by_one_connection(shop: Provisioning) -> None:
    with serving(shop.folder, shop.conninfo) as address:
        texts: list[str] = []
        threads = [threading.Thread(target=lambda: texts.append(got(address))) for _ in range(4)]
        for thread in threads:
            thread.start()
        most = 0
        while any(thread.is_alive() for thread in threads):
            most = max(
                most,
                shop.value("SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
                           " AND application_name = 'chirodb'", shop.name),
            )  # fmt: skip
        for thread in threads:
            thread.join()
        assert [up(text) for text in texts] == [1, 1, 1, 1]
        assert most == 1
        assert up(got(address)) == 1


def test_tls_and_a_password(shop: Provisioning, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    arguments = ("--tls-cert", str(tmp_path / "server.pem"), "--auth-user", "prometheus")
    secret = {"SCRAPE": "let me in"}
    with serving(
        shop.folder, shop.conninfo, *arguments, "--auth-password", "${env:SCRAPE}", env=secret
    ) as address:
        assert address.startswith("https://")
        ca = tmp_path / "ca.pem"

        def headers(pair: str) -> dict[str, str]:
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

        assert up(got(address, headers=headers("prometheus:let me in"), ca=ca)) == 1
        for wrong in ({}, headers("prometheus:no"), headers("x:let me in"), {"Authorization": "x"}):
            with pytest.raises(urllib.error.HTTPError) as refused:
                got(address, headers=wrong, ca=ca)
            assert refused.value.code == 401
            refused.value.close()
        with pytest.raises((OSError, urllib.error.URLError)):
            got(address.replace("https", "http"))
        assert up(got(address, headers=headers("prometheus:let me in"), ca=ca)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "9187"], "no address to listen on"),
        (["--listen", ":1", "--textfile", "x"], "exclude each other"),
        (["--listen", ":1", "--auth-user", "x"], "go together"),
        (["--listen", ":1", "--auth-user", "x", "--auth-password", "plain"], "is a reference"),
        (["--listen", "127.0.0.1:0", "--tls-cert", "/nowhere"], "certificate cannot be used"),
        (["--listen", "192.0.2.1:9"], "cannot listen on 192.0.2.1:9"),
    ],
)
def test_what_cannot_be_served(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "chirodb.yaml").write_text("version: 1\ndatabase: {name: d}\n")
    ran = chirodb("metrics", *arguments, "--url", "host=127.0.0.1 port=1", cwd=tmp_path)
    assert ran.code == 1
    assert said in ran.err


def test_a_server_that_goes_and_comes_back(own_cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("version: 1\ndatabase: {name: postgres}\n")
    url = own_cluster.start()
    with serving(tmp_path, url) as address:
        assert up(got(address)) == 1
        own_cluster.stop()
        text = got(address)
        assert up(text) == 0
        assert "chirodb_database" not in text
        own_cluster.start()
        assert up(got(address)) == 1
        with Server(url, 0).connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'chirodb'"
            )
        time.sleep(0.2)
        got(address)
        assert up(got(address)) == 1


def test_a_scrape_that_is_not_answered_is_given_up(
    shop: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one has a connection of its own."""
    monkeypatch.setattr(exporter, "_PATIENCE", 5.0)
    asked = iter(["SELECT pg_sleep(60)", "SELECT 1"])

    def more(connection: psycopg.Connection) -> list[Sample]:
        connection.execute(next(asked).encode())
        return []

    job = shop.job(SPEC)
    one = exporter.Exporter(job.to, job.loaded.spec, more)
    assert [s.value for s in one.take() if s.name == "chirodb_up"] == [0]
    assert "no answer within 5 s" in str(one.failure)
    monkeypatch.setattr(exporter, "_PATIENCE", 60.0)
    assert [s.value for s in one.take() if s.name == "chirodb_up"] == [1]
    one.close()


def test_without_the_extra_the_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "prometheus_client").mkdir()
    (tmp_path / "prometheus_client" / "__init__.py").write_text("raise ImportError")
    (tmp_path / "chirodb.yaml").write_text("version: 1\ndatabase: {name: d}\n")
    env = {"PYTHONPATH": str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", "")}
    ran = chirodb("metrics", "--url", "host=127.0.0.1 port=1", cwd=tmp_path, env=env)
    assert ran.code == 1
    assert "pip install 'chirodb[metrics]'" in ran.err
