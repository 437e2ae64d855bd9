"""The server and the database that tests ask for; `tests/server_ways.py` says which server."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server_ways import WAYS, NoServerError, choose, running, sweep
from tests.servers import Database, Server, database_of

_CLUSTERS = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """One folder of clusters for all processes of a run; the first process sweeps it."""
    if (worker := getattr(config, "workerinput", None)) is not None:
        config.stash[_CLUSTERS] = Path(worker["clusters"])
        return
    name = f"chirodb-tests-{secrets.token_hex(4)}"
    config.stash[_CLUSTERS] = Path(tempfile.gettempdir()) / name
    names = [way.name for way in WAYS]
    if (forced := _forced()) and forced not in names:
        raise pytest.UsageError(f"CHIRODB_TEST_SERVER is `{forced}`, not one of {', '.join(names)}")
    by_url = forced == "url" or (not forced and os.environ.get("CHIRODB_TEST_URL"))
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


def pytest_report_header() -> str:
    try:
        way = choose(_forced())
    except NoServerError as error:
        return f"server: none ({error})"
    return f"server: {way.name} ({way.describe()})"


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A cluster of this process alone."""
    directory = pytestconfig.stash[_CLUSTERS] / os.environ.get("PYTEST_XDIST_WORKER", "main")
    try:
        with running(choose(_forced()), directory) as found:
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


def _forced() -> str:
    return os.environ.get("CHIRODB_TEST_SERVER", "")


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no")
