"""Metrics of real sessions, locks, statements and tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.observe.scraping import scraped
from tests.observe.waiting import until, until_blocked
from tests.provisioning import Provisioning

SPEC = """
database: {name: DATABASE, extensions: {pg_stat_statements: {schema: public}}}
services:
  shop: {schema: shop, owner: DATABASE_so, app: DATABASE_sa, slow_queries: {threshold: 400ms}}
  books: {schema: books, owner: DATABASE_bo}
roles:
  DATABASE_sa: {connection_limit: 7}
  DATABASE_mon: {login: true, member_of: [pg_monitor]}
  DATABASE_blind: {login: true}
"""
GRANTS = """database: {name: DATABASE,
  grants: [{to: [DATABASE_mon, DATABASE_blind], privileges: [CONNECT]}],"""


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    provision.apply(SPEC.replace("database: {name: DATABASE,", GRANTS))
    name = provision.name
    for role in ("so", "sa", "bo", "mon", "blind"):
        provision.query(f"ALTER ROLE {name}_{role} PASSWORD 'pw'")
    provision.query(f"SET ROLE {name}_so; CREATE TABLE shop.t (i int PRIMARY KEY, t text)")
    provision.query(f"SET ROLE {name}_so; INSERT INTO shop.t SELECT i, repeat('x', 100)"
                    " FROM generate_series(1, 5000) i; ANALYZE shop.t")  # fmt: skip
    provision.query("SELECT pg_stat_statements_reset()")
    return provision


@contextmanager
def session(shop: Provisioning, role: str) -> Iterator[psycopg.Connection]:
    with shop.database.connect(user=f"{shop.name}_{role}", password="pw") as connection:
        yield connection


@pytest.mark.every_version
def test_connections_transactions_and_waits(shop: Provisioning) -> None:
    with session(shop, "so") as owner, session(shop, "sa") as app, session(shop, "sa") as other:
        owner.execute("BEGIN; LOCK TABLE shop.t IN SHARE ROW EXCLUSIVE MODE")
        waiter = threading.Thread(target=_update, args=(app,))
        waiter.start()
        until_blocked(shop, app)
        time.sleep(0.6)
        found = scraped(shop, SPEC)
        owner.execute("ROLLBACK")
        waiter.join()
        other.execute("SELECT")
    assert found["chirodb_service_connections", ("shop", "idle in transaction")] == 1
    assert found["chirodb_service_connections", ("shop", "active")] == 1
    assert found["chirodb_service_connections", ("shop", "idle")] == 1
    assert found["chirodb_service_connections", ("books", "active")] == 0
    assert found["chirodb_service_lock_waits", ("shop",)] == 1
    assert found["chirodb_service_lock_waits", ("books",)] == 0
    assert 0.5 < found["chirodb_service_oldest_transaction_seconds", ("shop",)] < 30
    assert 0.5 < found["chirodb_service_idle_in_transaction_seconds", ("shop",)] < 30
    assert found["chirodb_service_oldest_transaction_seconds", ("books",)] == 0
    assert found["chirodb_role_connections", ("shop", f"{shop.name}_sa")] == 2
    assert found["chirodb_role_connection_limit", ("shop", f"{shop.name}_sa")] == 7
    assert ("chirodb_role_connection_limit", ("shop", f"{shop.name}_so")) not in found
    assert found["chirodb_server_connections", ()] >= 3
    assert found["chirodb_server_connection_limit", ()] == shop.value(
        "SELECT current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
    )


def _update(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE shop.t SET t = 'y' WHERE i = 1")


@pytest.mark.every_version
def test_statements_and_transactions(shop: Provisioning) -> None:
    with session(shop, "so") as owner, session(shop, "sa") as app:
        owner.execute("SELECT pg_sleep(0.5)")
        app.execute("SELECT i FROM shop.t LIMIT 10")
        app.execute("BEGIN")
        app.execute("COMMIT")
        for _ in range(2):
            app.execute("BEGIN")
            app.execute("SAVEPOINT s")
            app.execute("ROLLBACK TO SAVEPOINT s")
            app.execute("ROLLBACK")
    found = scraped(shop, SPEC)
    assert found["chirodb_service_rows", ("shop",)] == 11
    assert found["chirodb_service_statements", ("shop",)] == 12
    assert 0.5 < found["chirodb_service_statement_seconds", ("shop",)] < 30
    assert found["chirodb_service_slow_statements", ("shop",)] == 1
    assert found["chirodb_service_slow_statements", ("books",)] == 0
    assert found["chirodb_service_commits", ("shop",)] == 1
    assert found["chirodb_service_rollbacks", ("shop",)] == 2
    assert found["chirodb_service_statements", ("books",)] == 0
    # up to 14 a collector gathers them
    until(lambda: scraped(shop, SPEC)["chirodb_database_commits", ()] > 1, "commits are counted")


@pytest.mark.every_version
def test_sizes_are_those_of_the_schema(shop: Provisioning) -> None:
    found = scraped(shop, SPEC)
    table, index = shop.query("SELECT pg_table_size('shop.t'), pg_indexes_size('shop.t')")[0]
    assert found["chirodb_service_size_bytes", ("shop", "table")] == table > 500_000
    assert found["chirodb_service_size_bytes", ("shop", "index")] == index > 0
    assert found["chirodb_service_size_bytes", ("books", "table")] == 0
    assert found["chirodb_service_estimated_relations", ("shop",)] == 0
    assert found["chirodb_database_size_bytes", ()] > table


@pytest.mark.parametrize("held", [True, False], ids=["held", "waited for"])
@pytest.mark.every_version
def test_what_is_locked_is_estimated_and_not_waited_for(shop: Provisioning, held: bool) -> None:
    exact = scraped(shop, SPEC)["chirodb_service_size_bytes", ("shop", "table")]
    with session(shop, "so") as owner, session(shop, "so") as second:
        owner.execute("BEGIN")
        mode = "ACCESS EXCLUSIVE" if held else "ACCESS SHARE"
        owner.execute(f"LOCK TABLE shop.t IN {mode} MODE".encode())
        waiter = threading.Thread(target=_truncate, args=(second,))
        if not held:
            waiter.start()
            until_blocked(shop, second)
        found = scraped(shop, SPEC)
        owner.execute("ROLLBACK")
        if not held:
            waiter.join()
    # who has waited for as long as lock_timeout estimates the index too
    assert found["chirodb_service_estimated_relations", ("shop",)] == 1
    estimated = found["chirodb_service_size_bytes", ("shop", "table")]
    assert estimated == pytest.approx(exact, rel=0.2)


def _truncate(connection: psycopg.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("LOCK TABLE shop.t IN ACCESS EXCLUSIVE MODE")
    connection.execute("ROLLBACK")


@pytest.mark.every_version
def test_pg_monitor_sees_all_and_others_what_they_may(shop: Provisioning) -> None:
    with session(shop, "so") as owner:
        owner.execute("BEGIN")
        owner.execute("SELECT count(*) FROM shop.t")
        monitor = scraped(shop.connected_as(f"{shop.name}_mon", "pw"), SPEC)
        blind = scraped(shop.connected_as(f"{shop.name}_blind", "pw"), SPEC)
    idle = ("chirodb_service_connections", ("shop", "idle in transaction"))
    assert monitor[idle] == 1
    assert {n: v for n, v in monitor.items() if n[0] == "chirodb_scrape_unseen"} == {
        ("chirodb_scrape_unseen", (what,)): 0 for what in ("activity", "schemas", "statements")
    }
    assert idle not in blind
    assert ("chirodb_service_oldest_transaction_seconds", ("shop",)) not in blind
    assert blind["chirodb_scrape_unseen", ("activity",)] >= 1
    assert blind["chirodb_role_connections", ("shop", f"{shop.name}_so")] == 1
    assert blind["chirodb_scrape_unseen", ("statements",)] == 1
    assert ("chirodb_service_commits", ("shop",)) not in blind
    assert blind["chirodb_service_commits", ("books",)] == 0
    assert blind["chirodb_service_statements", ("shop",)] >= 1
    names = {name for name, _ in monitor}
    assert names - {name for name, _ in blind} == set(), "books is seen, whose roles do nothing"


@pytest.mark.every_version
def test_what_is_not_there_is_absent_and_counted(provision: Provisioning) -> None:
    spec = "services: {a: {schema: s1, owner: DATABASE_o1}, b: {schema: s2, owner: DATABASE_o2}}"
    provision.query("CREATE SCHEMA s1")
    found = scraped(provision, spec)
    assert found["chirodb_scrape_unseen", ("statements",)] == 2
    assert found["chirodb_scrape_unseen", ("schemas",)] == 1
    names = {name for name, _ in found}
    assert not {name for name in names if name.startswith("chirodb_service_statement")}
    assert ("chirodb_service_size_bytes", ("a", "table")) in found
    assert ("chirodb_service_size_bytes", ("b", "table")) not in found


def test_the_number_of_queries_is_fixed(shop: Provisioning) -> None:
    """As pg_stat_statements counts what the monitoring role, no superuser, has sent."""

    def queries(services: int) -> int:
        more = "".join(
            f"  s{i}: {{schema: s{i}, owner: DATABASE_o{i}, app: DATABASE_a{i}}}\n"
            for i in range(services)
        )
        spec = SPEC.replace("services:\n", "services:\n" + more)
        shop.query("SELECT pg_stat_statements_reset()")
        scraped(shop.connected_as(f"{shop.name}_mon", "pw"), spec)
        return int(
            shop.value(
                "SELECT sum(calls) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid"
                " WHERE rolname = %s",
                f"{shop.name}_mon",
            )
        )

    few = queries(1)
    assert 10 < few < 40
    assert queries(1000) == few


def test_a_slot_keeps_wal(shop: Provisioning) -> None:
    slot = f"{shop.name}_slot"
    shop.query("SELECT pg_create_physical_replication_slot(%s, true)", slot)
    try:
        shop.query("CREATE TABLE shop.w AS SELECT generate_series(1, 1000)")
        found = scraped(shop.connected_as(f"{shop.name}_mon", "pw"), SPEC)
    finally:
        shop.query("SELECT pg_drop_replication_slot(%s)", slot)
    assert found["chirodb_slot_retained_bytes", (slot,)] > 10_000
    assert found["chirodb_slot_active", (slot,)] == 0
