"""The servers of the tests: what one test makes, no other test sees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.servers import Database, Server, database_of

CHECKOUT = Path(__file__).parent.parent
NEEDS_A_DATABASE = """
def test_that_needs_a_database(database):
    pass
"""


def test_the_server_says_its_version(server: Server) -> None:
    with server.connect() as connection:
        assert connection.info.server_version == server.version >= 140000


@pytest.mark.container
def test_a_database_is_new_empty_and_gone_afterwards(server: Server) -> None:
    with database_of(server) as first, database_of(server) as second:
        assert first.name != second.name
        with first.connect() as connection:
            connection.execute("CREATE TABLE t ()")
        with second.connect() as connection:
            row = connection.execute("SELECT to_regclass('t')").fetchone()
            assert row == (None,)
    assert {first.name, second.name}.isdisjoint(databases(server))


@pytest.mark.container
def test_the_roles_of_a_test_go_with_its_database(server: Server) -> None:
    before = roles(server)
    with database_of(server) as database, database.connect() as connection:
        for statement in (
            "CREATE ROLE an_owner",
            "CREATE ROLE \"A 'reader'\" LOGIN ROLE an_owner",
            "GRANT pg_monitor TO an_owner WITH ADMIN OPTION",
            "CREATE SCHEMA s AUTHORIZATION an_owner",
            "CREATE TABLE s.t ()",
            "ALTER TABLE s.t OWNER TO an_owner",
            "GRANT SELECT ON s.t TO \"A 'reader'\"",
            "ALTER DEFAULT PRIVILEGES FOR ROLE an_owner GRANT SELECT ON TABLES TO \"A 'reader'\"",
            "GRANT CONNECT ON DATABASE postgres TO \"A 'reader'\"",
            "ALTER ROLE an_owner SET work_mem = '8MB'",
            "SET ROLE an_owner",
            "GRANT pg_monitor TO \"A 'reader'\"",
        ):
            connection.execute(statement)
        assert roles(server) - before == {"an_owner", "A 'reader'"}
    assert roles(server) == before


def test_the_databases_that_a_test_makes_go_too(server: Server) -> None:
    before = databases(server)
    with database_of(server) as database, database.connect() as connection:
        connection.execute("CREATE ROLE an_owner")
        connection.execute("CREATE DATABASE another OWNER an_owner")
    assert databases(server) == before
    assert "an_owner" not in roles(server)


def test_a_session_that_a_test_forgot_does_not_keep_its_database(server: Server) -> None:
    with database_of(server) as database:
        forgotten = database.connect()
    with forgotten, pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    assert database.name not in databases(server)


def test_a_failed_test_leaves_nothing_either(server: Server) -> None:
    before = roles(server), databases(server)

    def fail() -> None:
        with database_of(server) as database, database.connect() as connection:
            connection.execute("CREATE ROLE a_role")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert (roles(server), databases(server)) == before


def test_a_role_logs_in_with_its_password(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE ROLE someone LOGIN PASSWORD 'a secret'")
    with database.connect(user="someone", password="a secret") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("someone",)
    if "host=/" not in database.conninfo:
        with pytest.raises(psycopg.OperationalError):
            database.connect(user="someone", password="another")


@pytest.mark.parametrize("variable", ["CI", "CHIRODB_TEST_REQUIRE_SERVER"])
def test_a_server_that_is_missing_fails_where_one_is_required(outside: Path, variable: str) -> None:
    ended = run_pytest(outside, CHIRODB_TEST_URL=NOBODY_LISTENS, **{variable: "1"})
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout
    assert "connection refused" in ended.stdout.lower()
    assert "1 error" in ended.stdout
    assert "skipped" not in ended.stdout


def test_a_server_that_is_missing_is_a_skip_with_its_reason_elsewhere(outside: Path) -> None:
    ended = run_pytest(outside, CHIRODB_TEST_URL=NOBODY_LISTENS)
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout
    assert "1 skipped" in ended.stdout
    assert "connection refused" in ended.stdout.lower()


def test_the_header_says_which_server_serves(outside: Path) -> None:
    ended = run_pytest(outside, CHIRODB_TEST_URL=NOBODY_LISTENS)
    assert "server: url (CHIRODB_TEST_URL, 127.0.0.1:1)" in ended.stdout
    assert "hidden" not in ended.stdout


def test_a_forced_way_is_not_replaced_by_another(outside: Path) -> None:
    ended = run_pytest(
        outside, CHIRODB_TEST_SERVER="container", DOCKER_HOST="tcp://127.0.0.1:1", CI="true"
    )
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout
    assert "container: no Docker daemon answers" in ended.stdout


def test_a_way_that_does_not_exist_is_refused(outside: Path) -> None:
    ended = run_pytest(outside, CHIRODB_TEST_SERVER="clud")
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "`clud`, not one of url, embedded, container" in ended.stderr


def test_two_processes_do_not_share_the_server_of_a_url(outside: Path) -> None:
    ended = run_pytest(outside, "-n", "2", CHIRODB_TEST_URL=NOBODY_LISTENS)
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "run the tests in one process" in ended.stderr


AS_HERE = ("-c", str(CHECKOUT / "pyproject.toml"), "-p", "tests.conftest", "-p", "no:cacheprovider")
NOBODY_LISTENS = "postgresql://postgres:hidden@127.0.0.1:1/"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file with one test that needs a database, away from the other tests."""
    path = tmp_path / "test_outside.py"
    path.write_text(NEEDS_A_DATABASE)
    return path


def run_pytest(path: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """With this checkout's fixtures, and of the environment nothing that chooses a server."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CHIRODB_TEST_", "PYTEST_")) and name not in ("CI", "DOCKER_HOST")
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", *AS_HERE, *options, str(path)],
        env=kept | variables,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def roles(server: Server) -> set[str]:
    with server.connect() as connection:
        return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}


def databases(server: Server) -> set[str]:
    with server.connect() as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
