"""Where the server of a test session comes from: a URL, chirodb's own runner, or a container."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chiro_db.embedded import Cluster, binaries
from chiro_db.errors import EmbeddedError
from tests import majors
from tests.servers import Server

IMAGE = "postgres:15-alpine"
# The data lives as long as the tests, so nothing waits for the disk.
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServerError(Exception):
    """No server can be had for the tests; the message says why."""


@dataclass(frozen=True, slots=True)
class Way:
    """One source of servers; `start` gives a superuser's conninfo and ends what it began."""

    name: str
    describe: Callable[[], str]  # raises NoServerError
    start: Callable[[Path], AbstractContextManager[str]]


@contextmanager
def running(way: Way, directory: Path) -> Iterator[Server]:
    """A server of this way whose files, if it has any here, are in `directory`."""
    with way.start(directory) as conninfo:
        try:
            with psycopg.connect(conninfo, dbname="postgres") as connection:
                found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = USER")
                superuser = found.fetchone() == (True,)
                version = connection.info.server_version
        except psycopg.OperationalError as error:
            raise NoServerError(f"{way.name}: {error}") from error
        if not superuser:
            raise NoServerError(f"{way.name}: the tests need a superuser")
        yield Server(conninfo, version)


def choose(forced: str) -> Way:
    """The way that CHIRODB_TEST_SERVER names, else the first that is open here."""
    reasons = []
    for way in WAYS:
        if forced in ("", way.name):
            try:
                way.describe()
            except NoServerError as error:
                reasons.append(f"{way.name}: {error}")
            else:
                return way
    raise NoServerError("no PostgreSQL server for the tests: " + "; ".join(reasons))


def of_major(version: int) -> Way:
    """chirodb's own, from the binaries of this major version."""
    try:
        bindir = majors.found(version)
    except majors.MissingError as error:
        raise NoServerError(str(error)) from error

    @contextmanager
    def start(directory: Path) -> Iterator[str]:
        with _start_embedded(directory, bindir) as conninfo:
            yield conninfo

    return Way(f"PostgreSQL {version}", lambda: str(bindir or binaries.server()), start)


def sweep(directory: Path) -> None:
    """End the embedded servers of test processes that could not do it themselves."""
    for cluster in directory.iterdir() if directory.is_dir() else ():
        Cluster(cluster).reset()
    if directory.is_dir():
        directory.rmdir()


def _describe_url() -> str:
    url = os.environ.get("CHIRODB_TEST_URL")
    if not url:
        raise NoServerError("CHIRODB_TEST_URL is not set")
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise NoServerError(f"CHIRODB_TEST_URL is not a connection string: {error}") from error
    return f"CHIRODB_TEST_URL, {parts.get('host', 'the default host')}:{parts.get('port', 5432)}"


@contextmanager
def _start_url(directory: Path) -> Iterator[str]:
    parts = conninfo_to_dict(os.environ["CHIRODB_TEST_URL"], connect_timeout=10)
    yield make_conninfo(**{key: str(part) for key, part in parts.items() if key != "dbname"})


def _describe_embedded() -> str:
    try:
        return f"chirodb's own, of {binaries.server()}"
    except EmbeddedError as error:
        raise NoServerError(f"{error} ({error.hint})") from error


@contextmanager
def _start_embedded(directory: Path, bindir: Path | None = None) -> Iterator[str]:
    directory.parent.mkdir(mode=0o711, exist_ok=True)  # root's server runs as another account
    cluster = Cluster(directory)
    try:
        with pytest.MonkeyPatch.context() as environment:
            if bindir is not None:
                environment.setenv("CHIRODB_PG_BINDIR", str(bindir))
            conninfo = cluster.start()
        with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as connection:
            for name, value in HASTE.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")
        yield conninfo
    finally:
        cluster.reset()


def _describe_container() -> str:
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        client = DockerClient().client
    except DockerException as error:
        raise NoServerError(f"no Docker daemon answers: {error}") from error
    try:
        client.ping()
    except DockerException as error:
        raise NoServerError(f"no Docker daemon answers: {error}") from error
    finally:
        client.close()
    return f"{IMAGE} by testcontainers"


@contextmanager
def _start_container(directory: Path) -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer

    settings = {"shared_preload_libraries": "pg_stat_statements", **HASTE}
    command = " ".join(["postgres", *(f"-c {name}={value}" for name, value in settings.items())])
    container = PostgresContainer(
        IMAGE, username="postgres", password="postgres", dbname="postgres"
    )
    try:
        with container.with_command(command):
            yield make_conninfo(
                host=container.get_container_host_ip(),
                port=container.get_exposed_port(5432),
                user=container.username,
                password=container.password,
            )
    finally:
        container.get_docker_client().client.close()


WAYS = (
    Way("url", _describe_url, _start_url),
    Way("embedded", _describe_embedded, _start_embedded),
    Way("container", _describe_container, _start_container),
)
