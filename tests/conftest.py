"""The server and the database that tests ask for; `tests/server_ways.py` says which server."""

from __future__ import annotations

import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chiro_db.embedded import Cluster
from tests import majors
from tests.server_ways import WAYS, NoServerError, choose, of_major, running, sweep
from tests.servers import Database, Server, database_of

_CLUSTERS = pytest.StashKey[Path]()
_VERSIONS = pytest.StashKey[tuple[int, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pg-version",
        action="append",
        default=[],
        metavar="14,16",
        help="run each test that needs a server on these PostgreSQL; `.ci/postgres` fetches them",
    )
    parser.addoption(
        "--properties",
        type=int,
        metavar="N",
        help="try N random scenarios, new ones each time, not the few that are always the same",
    )


def pytest_configure(config: pytest.Config) -> None:
    """One folder of clusters for all processes of a run; the first process sweeps it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a job in the background:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C would end no command
    if not os.environ.get("CHIRODB_TEST_URL"):  # libpq's variables speak of some other server
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
    try:
        config.stash[_VERSIONS] = majors.parse(config.getoption("--pg-version"))
        for version in config.stash[_VERSIONS]:
            majors.found(version)
    except (ValueError, majors.MissingError) as error:
        raise pytest.UsageError(f"--pg-version: {error}") from error
    if (worker := getattr(config, "workerinput", None)) is not None:
        config.stash[_CLUSTERS] = Path(worker["clusters"])
        return
    name = f"chirodb-tests-{secrets.token_hex(4)}"
    config.stash[_CLUSTERS] = Path(tempfile.gettempdir()) / name
    names = [way.name for way in WAYS]
    if (forced := _forced()) and forced not in names:
        raise pytest.UsageError(f"CHIRODB_TEST_SERVER is `{forced}`, not one of {', '.join(names)}")
    if config.stash[_VERSIONS] and forced not in ("", "embedded"):
        raise pytest.UsageError(f"--pg-version: the server is CHIRODB_TEST_SERVER's, `{forced}`")
    by_url = forced == "url" or (not forced and os.environ.get("CHIRODB_TEST_URL"))
    if config.stash[_VERSIONS] and by_url:
        raise pytest.UsageError("--pg-version: the server is the one that CHIRODB_TEST_URL names")
    if by_url and len(config.getoption("tx", None) or ()) > 1:
        raise pytest.UsageError(
            "the roles of the one server that CHIRODB_TEST_URL names are shared by all its "
            "databases: run the tests in one process (`-n 0`)"
        )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: what a worker learns from the first process."""
    node.workerinput["clusters"] = str(node.config.stash[_CLUSTERS])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _CLUSTERS in config.stash:
        sweep(config.stash[_CLUSTERS])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With `--pg-version`, each test of a server once for each version."""
    versions = metafunc.config.stash[_VERSIONS]
    if versions and "server" in metafunc.fixturenames:
        ids = [f"pg{version}" for version in versions]
        metafunc.parametrize("server", versions, ids=ids, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker("server")


def pytest_report_header(config: pytest.Config) -> str:
    if versions := config.stash[_VERSIONS]:
        return f"server: PostgreSQL {', '.join(map(str, versions))}"
    try:
        way = choose(_forced())
    except NoServerError as error:
        return f"server: none ({error})"
    return f"server: {way.name} ({way.describe()})"


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A cluster of this process alone, of the version that the test is to run on."""
    directory = request.config.stash[_CLUSTERS] / os.environ.get("PYTEST_XDIST_WORKER", "main")
    version: int | None = getattr(request, "param", None)
    try:
        way = choose(_forced()) if version is None else of_major(version)
        with running(way, directory) as found:
            yield found
    except NoServerError as error:
        if _is_on("CI") or _is_on("CHIRODB_TEST_REQUIRE_SERVER"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A database of this test alone."""
    with database_of(server) as new:
        yield new


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server of one test, to be restarted or killed; its account must enter the directory."""
    with tempfile.TemporaryDirectory(prefix="chirodb-own-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        cluster = Cluster(Path(name) / "cluster")
        yield cluster
        cluster.reset()


def _forced() -> str:
    return os.environ.get("CHIRODB_TEST_SERVER", "")


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no")
