"""A server whose lock table is too small for the names of one transaction: the ways out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import yaml

from chiro_db.apply.planning import Job
from chiro_db.apply.planning import plan as make
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.embedded import Cluster
from chiro_db.errors import ServerError
from chiro_db.spec.load import load
from tests.oracle.ask import differences
from tests.servers import Database, Server

SERVICES, TABLES = 10, 250  # 250 locks fit into the slack that the server has beyond its word
SPEC = "version: 1\ndatabase: {name: postgres}\nservices:\n" + "".join(
    f"  s{n}: {{schema: s{n}, owner: s{n}_owner, reader: s{n}_reader}}\n" for n in range(SERVICES)
)


@pytest.fixture
def conninfo(cluster: Cluster) -> str:
    """With the least that PostgreSQL lets one set, and the tables from one transaction each."""
    with psycopg.connect(cluster.start(), dbname="postgres", autocommit=True) as connection:
        for n in range(SERVICES):
            connection.execute(
                f"CREATE ROLE s{n}_owner; CREATE SCHEMA s{n} AUTHORIZATION s{n}_owner;"
                f"SET LOCAL ROLE s{n}_owner; DO $$BEGIN FOR i IN 1..{TABLES} LOOP"
                f" EXECUTE format('CREATE TABLE s{n}.t%s ()', i); END LOOP; END$$".encode()
            )
        for name in ("max_locks_per_transaction", "max_connections"):
            connection.execute(f"ALTER SYSTEM SET {name} = 10".encode())
        connection.execute("ALTER SYSTEM SET max_wal_senders = 0")
    cluster.stop()
    return cluster.start()


def test_what_fails_in_one_transaction_has_two_ways_out(conninfo: str, place: Path) -> None:
    """Without the names, and in more than one transaction."""
    file = place / "chirodb.yaml"
    file.write_text(SPEC)
    job = Job(load(file), where(conninfo, "postgres"))
    shown = make(job)
    (warning,) = shown.warnings
    assert "has room for 100 locks" in warning
    assert "--whole-schemas" in warning
    with pytest.raises(ServerError) as caught:
        apply(job, shown, lock_timeout=5)
    assert "out of shared memory" in caught.value.message
    for way in ("--by-service", "--whole-schemas"):
        assert way in (caught.value.hint or "")
    assert make(job).runnable == shown.runnable

    whole = make(replace(job, whole_schemas=True))
    assert whole.warnings == ()
    assert apply(job, whole, lock_timeout=5).runnable == whole.runnable
    assert not make(job).runnable
    with psycopg.connect(conninfo, dbname="postgres") as connection:
        server = Server(conninfo, connection.info.server_version)
        made = connection.execute(
            "SELECT count(DISTINCT xmin::text) FROM pg_class WHERE relname ~ '^t[0-9]'"
        )
        assert made.fetchone() == (1,)
    database = Database("postgres", server, server.conninfo_of("postgres"))
    assert differences(database, yaml.safe_load(SPEC), job.today) == []

    with psycopg.connect(conninfo, dbname="postgres") as connection:
        for n in range(SERVICES):
            connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA s{n} FROM s{n}_reader".encode())
    shown = make(job)
    with pytest.raises(ServerError, match="out of shared memory"):
        apply(job, shown, lock_timeout=5)
    assert apply(job, shown, lock_timeout=5, by_service=True).runnable == shown.runnable
    assert not make(job).runnable
