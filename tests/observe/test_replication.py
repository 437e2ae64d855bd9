"""Metrics of a real standby, and on it."""

from __future__ import annotations

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from chiro_db.catalog.connect import connected, where
from chiro_db.embedded import Cluster
from chiro_db.observe.families import Sample
from chiro_db.observe.sampling import Scrape
from chiro_db.observe.session import looking
from chiro_db.spec.load import load
from tests.observe.waiting import until
from tests.servers import Server
from tests.standby import standby_of


def scraped(conninfo: str, spec: Path) -> dict[tuple[str, tuple[str, ...]], float]:
    with connected(where(conninfo, "postgres")) as connection, looking(connection):
        found: list[Sample] = list(Scrape(connection, load(spec).spec).samples())
    return {(sample.name, sample.labels): sample.value for sample in found}


def test_the_lag_of_a_standby(own_cluster: Cluster, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("version: 1\ndatabase: {name: postgres}\n")
    server = Server(own_cluster.start(), 0)
    standby = standby_of(own_cluster, server)
    lag = ("chirodb_standby_lag_bytes", ("second",))
    try:
        second = standby.start()
        assert conninfo_to_dict(second)["port"] != conninfo_to_dict(server.conninfo)["port"]
        with server.connect() as connection:
            connection.execute("CREATE TABLE t AS SELECT generate_series(1, 1000)")
        until(lambda: scraped(server.conninfo, spec).get(lag) == 0, "the standby has all")
        behind = scraped(second, spec)
        assert 0 <= behind["chirodb_replay_delay_seconds", ()] < 60
        with Server(second, 0).connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
        with server.connect() as connection:
            connection.execute("CREATE TABLE u AS SELECT generate_series(1, 10000)")
        assert scraped(server.conninfo, spec)[lag] > 100_000
    finally:
        standby.reset()
