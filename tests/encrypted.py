"""A server that speaks TLS, and the authority that its certificate is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trustme

from chiro_db.embedded import Cluster
from tests import majors
from tests.fetched import lacking
from tests.servers import Server


@pytest.fixture
def encrypted(own_cluster: Cluster, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server with TLS that lets nobody in without it; needs the older servers' binaries."""
    try:
        bindir = majors.found(17)
    except majors.MissingError as error:
        lacking(str(error))
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHIRODB_PG_BINDIR", str(bindir))
        server = Server(own_cluster.start(), 0)
        with server.connect() as connection:
            connection.execute("CREATE ROLE shop_owner LOGIN PASSWORD 'pw'")
            for name, text in (
                ("server.key", issued.private_key_pem.bytes().decode()),
                ("server.crt", issued.cert_chain_pems[0].bytes().decode()),
                ("pg_hba.conf", "local all all scram-sha-256\nhostssl all all all scram-sha-256\n"),
            ):
                write_on_server(connection, name, text)
            connection.execute("ALTER SYSTEM SET ssl = on")
        data = own_cluster.directory / "data"
        (data / "server.key").chmod(0o600)
        own_cluster.stop()
        yield Server(own_cluster.start(), 0), tmp_path / "ca.pem"


def write_on_server(connection: psycopg.Connection, name: str, text: str) -> None:
    lines = text.rstrip("\n").split("\n")
    query = "COPY (SELECT unnest(%s::text[])) TO {}"
    [(directory,)] = connection.execute("SHOW data_directory").fetchall()
    place = f"'{directory}/{name}'"
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(query.format(place).encode(), [lines])
