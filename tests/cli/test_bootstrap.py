"""`bootstrap` as it is meant: psql runs what it prints, then the administrator applies."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from chiro_db.embedded.binaries import client
from tests.cli.running import Ran, chirodb
from tests.servers import Database

_SPEC = """
version: 1
database:
  name: {database}
  owner: {database}_admin
  extensions: {{pg_stat_statements: {{schema: public}}}}
slow_queries: {{threshold: 1s}}
roles:
  {database}_monitor: {{login: true, member_of: [pg_monitor]}}
services:
  shop: {{schema: shop, owner: {database}_owner, app: {database}_app, reader: {database}_reader}}
"""
_BEFORE = """
CREATE ROLE {database}_owner LOGIN;
CREATE ROLE {database}_reader;
CREATE SCHEMA shop;
CREATE TABLE shop.made_by_a_superuser (id serial);
GRANT SELECT ON shop.made_by_a_superuser TO {database}_reader
"""


def _run(folder: Path, conninfo: str, *arguments: str) -> Ran:
    return chirodb(*arguments, "--url", conninfo, cwd=folder)


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Path:
    (tmp_path / "chirodb.yaml").write_text(_SPEC.format(database=database.name))
    return tmp_path


@pytest.mark.every_version
@pytest.mark.parametrize("before", ["SELECT", _BEFORE], ids=["an empty database", "objects"])
def test_what_is_printed_is_enough(folder: Path, database: Database, before: str) -> None:
    admin = f"{database.name}_admin"
    with database.connect() as connection:
        connection.execute(before.format(database=database.name).encode())
    script = _run(folder, database.conninfo, "bootstrap")
    assert script.code == 0, script.err
    with database.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = %s", [admin]
        ).fetchone()
        assert row == (0,), "bootstrap itself changes nothing"
    done = subprocess.run(
        [client("psql"), "-X", "-q", database.conninfo],
        input=script.out,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with database.connect() as connection:
        connection.execute(f"ALTER ROLE {admin} PASSWORD 'apply-it'")
    as_admin = database.server.conninfo_of(database.name, user=admin, password="apply-it")
    applied = _run(folder, as_admin, "apply", "--yes", "--skip-blocked")
    later = re.findall(r"^-- (ALTER ROLE .*;)$", script.out, re.M)
    assert applied.code == (2 if later else 0), applied.err
    assert bool(later) == (database.server.version < 150000), "SET on a parameter came with 15"
    with database.connect() as connection:
        for statement in later:
            connection.execute(statement.encode())
    assert _run(folder, as_admin, "plan", "--exit-code").code == 0
    again = _run(folder, database.conninfo, "bootstrap")
    assert "nothing is missing" in again.out


def test_an_administrator_must_be_named(folder: Path, database: Database) -> None:
    spec = folder / "chirodb.yaml"
    spec.write_text(spec.read_text().replace(f"  owner: {database.name}_admin\n", ""))
    ran = _run(folder, database.conninfo, "bootstrap")
    assert ran.code == 1
    assert "--admin" in ran.err


def test_an_ordinary_role_is_told_that_nothing_was_tried(folder: Path, database: Database) -> None:
    name = f"{database.name}_admin"
    with database.connect() as connection:
        connection.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'x'".encode())
    conninfo = database.server.conninfo_of(database.name, user=name, password="x")
    script = _run(folder, conninfo, "bootstrap")
    assert script.code == 0, script.err
    assert script.out.startswith(f"-- what is blocked for {name}, for a superuser to run; untried")


@pytest.mark.every_version
def test_of_a_database_that_is_to_be_made_nothing_is_done_in_another(
    tmp_path: Path, database: Database
) -> None:
    name = f"{database.name}_new"
    spec = f"""
version: 1
database:
  name: {name}
  extensions: [nowhere_to_be_had, postgres_fdw]
services:
  shop: {{schema: shop, owner: {name}_owner, slow_queries: {{threshold: 1s}}}}
"""
    (tmp_path / "chirodb.yaml").write_text(spec)
    url = database.server.conninfo_of(name)
    script = _run(tmp_path, url, "bootstrap", "--admin", f"{name}_admin")
    assert script.code == 0, script.err
    run = [line for line in script.out.splitlines() if line and not line.startswith("--")]
    assert [line for line in run if line.startswith(("REVOKE", "ALTER", "CREATE EXT"))] == []
    before, after = script.out.split("-- these need what the first `apply --skip-blocked` makes")
    assert "-- CREATE EXTENSION postgres_fdw" in after
    assert "its package is missing" in before
    if database.server.version < 150000:
        assert "-- REVOKE CREATE ON SCHEMA public FROM PUBLIC" in after
        assert "log_min_duration_statement" in after


def test_who_may_not_make_the_database_is_told_so_first(tmp_path: Path, database: Database) -> None:
    """Everything waits for it: once, and not after an apply that cannot make it."""
    name, admin = f"{database.name}_new", f"{database.name}_admin"
    (tmp_path / "chirodb.yaml").write_text(
        f"version: 1\ndatabase: {{name: {name}}}\n"
        f"services: {{shop: {{schema: shop, owner: {name}_owner}}}}\n"
    )
    with database.connect() as connection:
        connection.execute(f"CREATE ROLE \"{admin}\" LOGIN CREATEROLE PASSWORD 'x'".encode())
    conninfo = database.server.conninfo_of(name, user=admin, password="x")
    script = _run(tmp_path, conninfo, "bootstrap")
    assert script.code == 0, script.err
    assert [
        line for line in script.out.splitlines() if "CREATEDB" in line and "--" not in line
    ] == [f"ALTER ROLE {admin} CREATEDB;"]
    assert "-- these need" not in script.out
