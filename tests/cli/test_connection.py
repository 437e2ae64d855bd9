"""`chirodb connection`: what it prints connects, and it prints no password unasked."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import trustme
import yaml
from psycopg.conninfo import conninfo_to_dict

from tests.cli.running import Ran, chirodb
from tests.encrypted import encrypted as encrypted
from tests.psql import program
from tests.servers import Database, Server

SECRET = "pa ss'w\\o\"rd&$HOME%41+=#ü"
STATE = "SELECT current_user, session_user, current_schema, current_setting('application_name')"
OFFLINE = """
version: 1
database: {name: shop}
targets:
  prod: {url: "postgresql://admin:${env:ADMIN}@db.example.com:6432,b/shop", protected: true}
  lax: {url: "host=h sslmode=require sslcert=mine.crt", protected: true}
  whole: {url: "${env:URL}"}
  part: {url: "postgresql://${env:HOST}/shop"}
  dev: {embedded: true}
roles:
  shop_app: {password: "${env:SHOP_SECRET}"}
  group: {}
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app, reader: shop_reader}
  books: {schema: books, owner: books_owner, settings: {search_path: [books, public]}}
  second: {schema: second, owner: second_owner, app: shop_app}
"""


@dataclass(frozen=True)
class Shop:
    """A spec whose names need every quoting there is, applied to a database of its own."""

    folder: Path
    database: Database
    service: str = 'it\'s "the" shop & more'

    def name(self, end: str) -> str:
        return f"{self.database.name} ro'le=\"\\$x%41 {end}"

    def run(self, *arguments: str, url: str | None = None) -> Ran:
        env = {"SHOP_SECRET": SECRET, "CHIRODB_URL": url or self.database.conninfo}
        return chirodb(*arguments, cwd=self.folder, env=env)

    def connection(self, form: str, *more: str) -> str:
        done = self.run("connection", self.service, "--format", form, *more)
        assert done.code == 0, done.err
        return done.out.removesuffix("\n")


@pytest.fixture
def shop(tmp_path: Path, database: Database) -> Shop:
    made = Shop(tmp_path, database)
    roles = {
        made.name(end): {"password": "${env:SHOP_SECRET}", "login": True}
        for end in ("app", "owner", "guest")
    }
    body = {
        "schema": 'the "schema" \\ of',
        "owner": made.name("owner"),
        "app": made.name("app"),
        "grants": [{"to": made.name("guest"), "level": "read"}],
    }
    spec = {
        "version": 1,
        "database": {"name": database.name},
        "roles": roles,
        "services": {made.service: body},
    }
    (tmp_path / "chirodb.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True))
    applied = made.run("apply", "--yes")
    assert applied.code == 0, applied.err
    return made


@pytest.mark.parametrize("role", ["app", "owner", "guest"])
def test_what_it_prints_connects(shop: Shop, role: str) -> None:
    """As the role meant, in the schema of the service, though that is not every role's own."""
    given = () if role == "app" else ("--role", shop.name(role))
    expected = (shop.name(role), shop.name(role), 'the "schema" \\ of', shop.service)
    for form in ("uri", "libpq"):
        with psycopg.connect(shop.connection(form, "--reveal", *given)) as connection:
            assert connection.execute(STATE).fetchone() == expected
    lines = shop.connection("env", "--reveal", *given)
    script = f'{lines}\nexec "$0" -X -A -t -F "$1" -c "$2"'
    environment = {"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8"}
    done = subprocess.run(
        ["/bin/sh", "-c", script, program(), "|", STATE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.removesuffix("\n").split("|") == list(expected), done.stderr


@pytest.fixture
def offline(tmp_path: Path) -> Path:
    (tmp_path / "chirodb.yaml").write_text(OFFLINE)
    return tmp_path


@pytest.mark.parametrize("form", ["uri", "jdbc", "quarkus", "env", "libpq"])
def test_no_password_unasked(offline: Path, form: str) -> None:
    """Neither the role's nor the administrator's."""
    url = "host=h user=admin password=Adm1n sslcert=mine.crt passfile=mine"
    env = {"SHOP_SECRET": SECRET}
    printed = chirodb("connection", "shop", "--url", url, "--format", form, cwd=offline, env=env)
    assert printed.code == 0
    assert "shop_app" in printed.out
    for part in ("pa ss", "pa%20ss", "Adm1n", "admin", "PGPASSWORD", "password=p", "mine"):
        assert part not in printed.out + printed.err


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (
            ["shop", "--target", "prod"],  # nobody needs ADMIN
            {},
            "postgresql://shop_app@db.example.com:6432,b/shop?sslmode=verify-full",
        ),
        (["shop", "--target", "lax"], {}, "postgresql://shop_app@h/shop?sslmode=require"),
        (
            ["shop", "--target", "whole"],
            {"URL": "postgresql://a:b@w:1/shop"},
            "postgresql://shop_app@w:1/shop?",
        ),
        (["shop", "--target", "part"], {"HOST": "p:2"}, "postgresql://shop_app@p:2/shop?"),
        (["shop", "--url", ""], {"PGHOST": "e", "PGPORT": "3"}, "postgresql://shop_app@e:3/shop?"),
        (
            ["books", "--url", "host=h", "--format", "jdbc"],
            {},
            "jdbc:postgresql://h/shop?currentSchema=books%2Cpublic&user=books_owner",
        ),
        (
            ["second", "--url", "host=h"],  # whose app meets the schema of `shop` first otherwise
            {},
            "postgresql://shop_app@h/shop?options=-csearch_path%3Dsecond&",
        ),
    ],
)
def test_what_comes_from_where(
    offline: Path, arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    done = chirodb("connection", *arguments, cwd=offline, env=environment)
    assert done.out.startswith(expected), done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["shp"], ["there is no service `shp`", "did you mean `shop`?"]),
        (["shop", "--role", "reader"], ["nobody logs in as `shop_reader`: it is a group"]),
        (["shop", "--role", "migrator"], ["has no `migrator`", "it has owner, app, reader"]),
        (["shop", "--role", "shop_ap"], ["no role `shop_ap`", "did you mean `shop_app`?"]),
        (["shop", "--reveal"], ["chirodb.yaml:11", "`SHOP_SECRET` is not set"]),
        (["books", "--reveal"], ["declares no password for `books_owner`"]),
        (["shop", "--target", "dev"], ["was never started", "`chirodb dev start` starts it"]),
        (["shop", "--format", "jbdc"], ["jbdc"]),
    ],
)
def test_what_cannot_be_said(offline: Path, arguments: list[str], expected: list[str]) -> None:
    more = () if "--target" in arguments else ("--url", "host=h")
    state = {"CHIRODB_STATE_DIR": str(offline / "state")}
    done = chirodb("connection", *arguments, *more, cwd=offline, env=state)
    assert (done.code, done.out) == (1, "")
    for part in expected:
        assert part in done.err


def test_the_embedded_server() -> None:
    with tempfile.TemporaryDirectory(prefix="chirodb-connection-", dir="/tmp") as name:
        Path(name).chmod(0o755)  # root's server runs as another account
        _embedded(Path(name))


def _embedded(tmp_path: Path) -> None:
    spec = OFFLINE.replace("targets:\n", "targets:\n  here: {embedded: true}\n")
    (tmp_path / "chirodb.yaml").write_text(spec)
    env = {"SHOP_SECRET": SECRET, "CHIRODB_STATE_DIR": str(tmp_path / "state")}
    try:
        applied = chirodb("apply", "--yes", "--service", "shop", cwd=tmp_path, env=env)
        assert applied.code == 0, applied.err
        for form in ("uri", "libpq"):
            made = chirodb(
                "connection", "shop", "--reveal", "--format", form, cwd=tmp_path, env=env
            )
            with psycopg.connect(made.out.strip("\n")) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("shop_app",)
        assert conninfo_to_dict(made.out)["host"] == "127.0.0.1"
    finally:
        chirodb("dev", "reset", "--yes", cwd=tmp_path, env=env)


TLS = """
version: 1
database: {name: postgres}
targets:
  prod: {url: "postgresql://@localhost:PORT/?sslrootcert=ca.pem", protected: true}
  system: {url: "postgresql://@localhost:PORT/", protected: true}
  misnamed: {url: "postgresql://@127.0.0.1:PORT/?sslrootcert=ca.pem", protected: true}
  open: {url: "postgresql://@127.0.0.1:PORT/?sslmode=require"}
roles: {shop_owner: {password: "${env:SHOP_SECRET}"}}
services: {shop: {schema: shop, owner: shop_owner}}
"""


def test_the_certificate_is_verified_on_a_protected_target(
    encrypted: tuple[Server, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture has made `shop_owner`, whom it lets in by TLS alone."""
    server, authority = encrypted
    with server.connect() as connection:
        port = str((connection.execute("SHOW port").fetchone() or ("",))[0])
    (tmp_path / "chirodb.yaml").write_text(TLS.replace("PORT", port))
    assert authority == tmp_path / "ca.pem"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))  # where libpq looks for root.crt

    def refusal(target: str, form: str = "libpq") -> str:
        arguments = ("connection", "shop", "--target", target, "--reveal", "--format", form)
        made = chirodb(*arguments, cwd=tmp_path, env={"SHOP_SECRET": "pw"})
        assert made.code == 0, made.err
        try:
            with psycopg.connect(made.out.strip("\n")) as connection:
                assert connection.pgconn.ssl_in_use
        except psycopg.OperationalError as error:
            return str(error)
        return ""

    assert refusal("open") == ""
    for form in ("uri", "libpq"):
        assert refusal("prod", form) == ""
        assert "does not match host name" in refusal("misnamed", form)
        assert "root certificate file" in refusal("system", form)
    trustme.CA().cert_pem.write_to_path(str(authority))
    assert "certificate verify failed" in refusal("prod")
