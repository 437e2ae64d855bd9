"""Each way in which a connection fails, made for real and named by its cause."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import trustme
from psycopg.conninfo import make_conninfo

from chiro_db.catalog.connect import connected, where
from chiro_db.cli import run
from chiro_db.embedded import Cluster
from chiro_db.errors import ChirodbError
from chiro_db.model.secret import Secret
from chiro_db.observe import backups, reaching, session
from chiro_db.observe.backups import LastBackup
from chiro_db.observe.doctor import Passwords, examined
from chiro_db.observe.finding import Checkup, Result, State, Thresholds
from chiro_db.observe.session import answering
from chiro_db.report.doctor import doctor_text
from chiro_db.spec.load import load
from tests import majors
from tests.cli.running import Ran
from tests.encrypted import encrypted as encrypted
from tests.encrypted import write_on_server
from tests.faults.test_pgbouncer import pooled as pooled
from tests.faults.test_pgbouncer import program as program
from tests.observe.scraping import parsed
from tests.observe.waiting import until, until_blocked
from tests.provisioning import Provisioning
from tests.servers import Server

SPEC = """
services:
  shop: {schema: shop, owner: DATABASE_so, app: DATABASE_sa}
  books: {schema: books, owner: DATABASE_bo}
roles:
  DATABASE_mon: {login: true, member_of: [pg_monitor]}
  DATABASE_blind: {login: true}
database:
  name: DATABASE
  grants: [{to: [DATABASE_mon, DATABASE_blind], privileges: [CONNECT]}]
"""
QUICK = Thresholds(
    idle_in_transaction=0.2, blocked=0.2, leaked_after=0.2, large=100, scans=5, read=10**9
)


def ran(*arguments: str) -> Ran:
    """In this process, which has imported all that it takes."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    provision.apply(SPEC)
    for role in ("so", "sa", "bo", "mon", "blind"):
        provision.query(f"ALTER ROLE {provision.name}_{role} PASSWORD 'pw'")
    return provision


def checkup(
    shop: Provisioning, conninfo: str | None = None, passwords: Passwords | None = None
) -> Checkup:
    job = shop.job(SPEC)
    given: Mapping[str, Secret | str] = passwords or {
        f"{shop.name}_{role}": Secret("pw") for role in ("so", "sa", "bo")
    }
    to = job.to if conninfo is None else where(conninfo, shop.name)
    return examined(to, job.loaded.spec, ["shop", "books"], given, QUICK)


def findings(shop: Provisioning, conninfo: str | None = None) -> dict[tuple[str, str], Result]:
    return {(r.subject, r.step): r for r in checkup(shop, conninfo).findings}


def only(found: Mapping[tuple[str, str], Result], subject: str, step: str) -> Result:
    assert list(found) == [(subject, step)]
    return found[subject, step]


@pytest.mark.every_version
def test_a_healthy_service_has_no_findings_and_nothing_is_changed(shop: Provisioning) -> None:
    """No transaction ID is taken: nothing was written."""
    taken = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    for _ in range(5):  # autovacuum, which nobody asked, may have taken one
        before = shop.value(taken)
        made = checkup(shop)
        if shop.value(taken) == before:
            break
    else:
        raise AssertionError("a transaction ID is taken each time")
    assert made.findings == ()
    done = [(r.subject, r.step) for r in made.results if r.state is State.OK]
    for step in ("CONNECT", "schema USAGE", "search_path", "limits", "locks", "bloat"):
        assert ("shop", step) in done
    assert done.count(("shop", "authentication")) == 2
    assert "0 findings" in doctor_text(made, color=False, width=80)


def only_finding(made: Checkup, step: str, said: str) -> list[Result]:
    """Of the connection, with what mends it; what would come later, none of which was checked."""
    [found] = made.findings
    assert (found.subject, found.step) == ("connection", step)
    assert said in found.what
    assert found.mend
    later = [r for r in made.results if r.subject in ("shop", "books")]
    assert {r.state for r in later} == {State.NOT_CHECKED}
    return later


@pytest.mark.parametrize(
    ("conninfo", "step", "said"),
    [
        ("host=no-such-host.invalid", "name", "no-such-host.invalid does not resolve"),
        ("host=127.0.0.1 port=1", "TCP", "nothing listens on 127.0.0.1:1"),
        ("host=/nowhere", "TCP", "nothing listens on /nowhere"),
    ],
)
def test_who_is_not_reached_is_not_asked(
    shop: Provisioning, conninfo: str, step: str, said: str
) -> None:
    made = checkup(shop, f"{conninfo} user=x")
    later = only_finding(made, step, said)
    assert {r.step for r in later} >= {"authentication", "CONNECT", "locks", "bloat"}


@contextmanager
def listening(kind: str) -> Iterator[int]:
    """The port of a program that is no PostgreSQL, or of one that does not get to answer."""
    with ExitStack() as stack:
        backlog = 0 if kind == "full" else 10
        place = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=backlog))
        address = place.getsockname()
        if kind == "full":  # as behind a firewall that drops: nobody answers the SYN
            for _ in range(3):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(address)
            yield address[1]
            return
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client = place.accept()[0]
                except OSError:
                    return
                kept.append(client)
                if kind != "silent":
                    client.recv(100) if kind == "web" else None
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n") if kind == "web" else None
                    client.close()

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield address[1]
        finally:
            place.shutdown(socket.SHUT_RDWR)
            server.join()
            for client in kept:
                client.close()


@pytest.mark.parametrize(
    ("kind", "mode", "step", "said"),
    [
        ("full", "prefer", "TCP", "does not answer within 1 s"),
        ("silent", "prefer", "TCP", "accepts connections and says nothing for 1 s"),
        ("silent", "disable", "authentication", "accepts connections and says nothing for 1 s"),
        ("closing", "require", "TCP", "accepts connections and breaks them off"),
        ("closing", "disable", "authentication", "accepts connections and breaks them off"),
        ("web", "prefer", "TCP", "is no PostgreSQL server"),
    ],
)
def test_who_does_not_answer_is_not_waited_for(
    shop: Provisioning, monkeypatch: pytest.MonkeyPatch, kind: str, mode: str, step: str, said: str
) -> None:
    monkeypatch.setattr(reaching, "_PATIENCE", 1.0)
    started = time.monotonic()
    with listening(kind) as port:
        given = f"host=127.0.0.1 port={port} user=x password=y sslmode={mode}"
        made = checkup(shop, given)
    assert time.monotonic() - started < 30
    only_finding(made, step, said)


def test_what_is_not_answered_in_time_is_cut_off(shop: Provisioning) -> None:
    with connected(where(shop.conninfo, shop.name)) as connection:
        with (
            pytest.raises(ChirodbError, match=r"no answer within 0\.3 s"),
            answering(connection, 0.3),
        ):
            connection.execute("SELECT pg_sleep(60)")
        assert connection.closed
    with connected(where(shop.conninfo, shop.name)) as connection:
        with answering(connection, 2):
            connection.execute("SELECT 1")
        connection.execute("SELECT pg_sleep(2.4)")


def by_tcp(shop: Provisioning, **parameters: str) -> str:
    port = shop.value("SHOW port")
    given = {"host": "127.0.0.1", "port": port, "user": f"{shop.name}_mon", "password": "pw"}
    return " ".join(f"{key}='{value}'" for key, value in (given | parameters).items())


@pytest.mark.every_version
def test_a_server_without_the_tls_that_is_required(shop: Provisioning) -> None:
    assert not findings(shop, by_tcp(shop))
    found = only(findings(shop, by_tcp(shop, sslmode="require")), "connection", "TLS")
    assert "the server has no TLS, and sslmode=require requires it" in found.what


@pytest.mark.every_version
def test_a_wrong_password(shop: Provisioning) -> None:
    found = only(findings(shop, by_tcp(shop, password="no")), "connection", "authentication")
    assert "password" in found.what
    assert found.evidence[0].startswith("28P01")
    shop.query(f"ALTER ROLE {shop.name}_sa PASSWORD 'another'")
    found = only(findings(shop), "shop", "authentication")
    assert f"password of {shop.name}_sa is wrong" in found.what
    assert f"chirodb password rotate {shop.name}_sa" in str(found.mend)


@pytest.mark.every_version
def test_a_missing_database(shop: Provisioning) -> None:
    job = shop.job(SPEC)
    made = examined(where(shop.conninfo, "no_such"), job.loaded.spec, ["shop"], {}, QUICK)
    [found] = made.findings
    assert (found.step, found.mend) == ("database", "chirodb apply")


@pytest.mark.every_version
@pytest.mark.parametrize(
    ("statement", "step", "mend"),
    [
        (
            "REVOKE CONNECT ON DATABASE {d} FROM {d}_sa", "CONNECT",
            "GRANT CONNECT ON DATABASE {d} TO {d}_sa",
        ),
        (
            "REVOKE USAGE ON SCHEMA shop FROM {d}_sa", "schema USAGE",
            "GRANT USAGE ON SCHEMA shop TO {d}_sa",
        ),
        (
            "ALTER ROLE {d}_sa IN DATABASE {d} SET search_path TO public", "search_path",
            "SET search_path TO shop",
        ),
        (
            "ALTER ROLE {d}_sa IN DATABASE {d} RESET search_path", "search_path",
            "SET search_path TO shop",
        ),
        ("ALTER ROLE {d}_sa NOLOGIN", "role", "ALTER ROLE {d}_sa LOGIN"),
        ("ALTER ROLE {d}_sa VALID UNTIL '2001-01-01'", "role", "VALID UNTIL 'infinity'"),
        ("DROP OWNED BY {d}_sa; DROP ROLE {d}_sa", "role", "chirodb apply"),
        ("ALTER ROLE {d}_sa CONNECTION LIMIT 0", "limits", "ALTER ROLE {d}_sa CONNECTION LIMIT"),
    ],
)  # fmt: skip
def test_what_keeps_a_role_from_its_tables(
    shop: Provisioning, statement: str, step: str, mend: str
) -> None:
    shop.query(statement.format(d=shop.name))
    found = [r for r in checkup(shop).findings if r.step == step]
    assert found
    assert {r.subject for r in found} == {"shop"}
    assert all(f"{shop.name}_sa" in r.what for r in found)
    assert mend.format(d=shop.name) in " ".join(str(r.mend) for r in found)
    assert {r.step for r in checkup(shop).findings} == {step}


def test_a_mend_mends(shop: Provisioning) -> None:
    shop.query(f"REVOKE CONNECT ON DATABASE {shop.name} FROM {shop.name}_sa")
    shop.query(f"REVOKE USAGE ON SCHEMA shop FROM {shop.name}_sa")
    shop.query(f"ALTER ROLE {shop.name}_so IN DATABASE {shop.name} RESET search_path")
    found = findings(shop)
    assert len(found) == 3
    for result in found.values():
        shop.query(str(result.mend).partition(";")[0])
    assert findings(shop) == {}


@pytest.mark.every_version
def test_a_role_at_its_limit(shop: Provisioning) -> None:
    shop.query(f"ALTER ROLE {shop.name}_sa CONNECTION LIMIT 1")
    with shop.database.connect(user=f"{shop.name}_sa", password="pw"):
        found = [r for r in checkup(shop).findings if r.subject == "shop"]
    assert {r.step for r in found} == {"limits"}
    assert any("has 1 of its 1 connections" in r.what for r in found)
    assert any(r.evidence[0].startswith("53300") for r in found)


@pytest.mark.every_version
def test_a_database_at_its_limit(shop: Provisioning) -> None:
    shop.query(f"ALTER DATABASE {shop.name} CONNECTION LIMIT 1")
    with shop.database.connect(user=f"{shop.name}_bo", password="pw", application_name="hog"):
        found = {(r.subject, r.step): r for r in checkup(shop).findings}
    limit = found["connection", "limits"]
    assert f"connections of {shop.name} are taken" in limit.what
    assert any("hog" in line for line in limit.evidence)
    assert found["shop", "limits"].what == f"{shop.name} is at its connection limit"


@pytest.mark.every_version
def test_all_connections_are_taken(own_cluster: Cluster, shop: Provisioning) -> None:
    """A superuser has reserved connections, from 16 on a member of a predefined role too."""
    major = shop.database.server.version // 10000
    with pytest.MonkeyPatch.context() as environment:
        if (bindir := majors.found(major)) is not None:
            environment.setenv("CHIRODB_PG_BINDIR", str(bindir))
        server = Server(own_cluster.start(), 0)
        with server.connect() as connection:
            connection.execute("ALTER SYSTEM SET max_connections = 12")
            if major >= 16:
                connection.execute("ALTER SYSTEM SET reserved_connections = 2")
        own_cluster.stop()
        server = Server(own_cluster.start(), 0)
    with server.connect() as connection:
        connection.execute("CREATE ROLE hog LOGIN PASSWORD 'pw'")
        connection.execute("CREATE ROLE other LOGIN PASSWORD 'pw'")
        connection.execute("GRANT pg_monitor TO other")
    spec = own_cluster.directory.parent / "spec.yaml"
    spec.write_text(
        "version: 1\ndatabase: {name: postgres}\n"
        "services: {s: {schema: public, owner: hog, settings: {search_path: public}}}\n"
    )

    def look(**parameters: str) -> Checkup:
        to = where(server.conninfo_of("postgres", **parameters), "postgres")
        return examined(to, load(spec).spec, ["s"], {"hog": Secret("pw")}, QUICK)

    with ExitStack() as stack:
        _take_all(server, stack)
        found = {(r.subject, r.step): r for r in look().findings}
        taken = found["connection", "limits"]
        assert "connections of the server are taken" in taken.what
        assert "hog in postgres, leaky, idle" in taken.evidence[0]
        assert "of the server are taken" in found["s", "limits"].what
        ordinary = look(user="other", password="pw")
        [refused] = [r for r in ordinary.findings if r.subject == "connection"]
        assert refused.step == "limits"
        assert "run the doctor as one" in str(refused.mend)
        inside = [r for r in ordinary.results if r.step in ("locks", "CONNECT")]
        assert {r.state for r in inside} == {State.NOT_CHECKED}
        if major >= 16:
            with server.connect() as connection:
                connection.execute("GRANT pg_use_reserved_connections TO other")
            reserved = look(user="other", password="pw")
            assert any("leaky" in line for r in reserved.findings for line in r.evidence)


def _take_all(server: Server, stack: ExitStack) -> None:
    """Until the server refuses another one."""
    parameters = {"user": "hog", "password": "pw", "application_name": "leaky"}
    for _ in range(100):
        try:
            stack.enter_context(server.connect(**parameters))
        except psycopg.OperationalError:
            return
    raise AssertionError("the server has no limit")


@pytest.mark.every_version
def test_idle_in_a_transaction_and_blocking(shop: Provisioning) -> None:
    shop.query(
        f"SET ROLE {shop.name}_so; CREATE TABLE shop.t (i int); INSERT INTO shop.t VALUES (1)"
    )
    trace = "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01"
    with ExitStack() as stack:
        first, second, third = (
            stack.enter_context(
                shop.database.connect(user=f"{shop.name}_so", password="pw", application_name=name)
            )
            for name in ("first", "second", "third")
        )
        pid = first.info.backend_pid
        first.execute("BEGIN")
        first.execute(f"UPDATE shop.t SET i = 2 /*traceparent='{trace}'*/".encode())
        threads = [threading.Thread(target=_update, args=(one,)) for one in (second, third)]
        for thread in threads:
            thread.start()
        until_blocked(shop, second, third)
        time.sleep(0.3)
        found = findings(shop)
        blind = checkup(shop, by_tcp(shop, user=f"{shop.name}_blind"))
        first.execute("ROLLBACK")
        for thread in threads:
            thread.join()
    assert set(found) == {("shop", "idle in transaction"), ("shop", "locks")}
    idle = found["shop", "idle in transaction"]
    assert f"pg_terminate_backend({pid})" in str(idle.mend)
    assert f"traceparent={trace}" in idle.evidence[0]
    locks = found["shop", "locks"]
    assert locks.what == f"pid {pid} blocks 2 other sessions"
    assert "first" in locks.evidence[0]
    assert "second" in " ".join(locks.evidence[1:])
    hidden = {r.step: r for r in blind.results if r.subject == "shop"}
    for step in ("idle in transaction", "leaks", "locks"):
        assert hidden[step].state is State.NOT_CHECKED
        assert "pg_monitor" in hidden[step].what


def _update(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE shop.t SET i = 3")


def test_connections_that_are_never_given_back(shop: Provisioning) -> None:
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(
                shop.database.connect(
                    user=f"{shop.name}_sa", password="pw", application_name="leaky pool"
                )
            )
        time.sleep(0.4)
        found = only(findings(shop), "shop", "leaks")
    assert "6 of 6 connections" in found.what
    assert "leaky pool" in found.what


@pytest.mark.every_version
def test_tables_that_make_it_slow(shop: Provisioning) -> None:
    shop.query(f"""
        SET ROLE {shop.name}_so;
        CREATE TABLE shop.parent (i int PRIMARY KEY);
        INSERT INTO shop.parent SELECT generate_series(1, 1000);
        CREATE TABLE shop.child (i int, p int REFERENCES shop.parent, q int REFERENCES shop.parent);
        CREATE INDEX ON shop.child (q, i);
        INSERT INTO shop.child SELECT i, i, i FROM generate_series(1, 1000) i;
        CREATE TABLE shop.bloated (i int) WITH (autovacuum_enabled = false);
        INSERT INTO shop.bloated SELECT generate_series(1, 1000)
    """)
    with shop.database.connect() as connection:
        connection.execute("DELETE FROM shop.bloated WHERE i > 300")
        for _ in range(8):
            connection.execute("SELECT count(*) FROM shop.child WHERE i = 3")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON shop.child ((i % 2))")
        flush = "pg_stat_force_next_flush()" if connection.info.server_version >= 150000 else "1"
        connection.execute(f"SELECT {flush}".encode())
    until(lambda: len(checkup(shop).findings) >= 4, "statistics have come")
    found = checkup(shop).findings
    assert {(r.subject, r.step) for r in found} == {("shop", "indexes"), ("shop", "bloat")}
    mends = " ".join(str(r.mend) for r in found)
    assert "CREATE INDEX CONCURRENTLY ON shop.child (p)" in mends
    assert "shop.child (q)" not in mends
    assert "REINDEX INDEX CONCURRENTLY shop.broken" in mends
    assert "VACUUM (ANALYZE) shop.bloated" in mends
    assert any("shop.child is read from end to end" in r.what for r in found)


def test_blocks_that_were_not_in_the_cache(own_cluster: Cluster, tmp_path: Path) -> None:
    """After a restart shared buffers are empty, so that a first scan reads each block."""
    with Server(own_cluster.start(), 0).connect() as connection:
        connection.execute(
            "CREATE TABLE big AS SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i"
        )
    own_cluster.stop()
    server = Server(own_cluster.start(), 0)
    with server.connect() as connection:
        connection.execute("SELECT pg_stat_reset()")
        connection.execute("SELECT count(*) FROM big")
        connection.execute("ANALYZE big")
    (tmp_path / "spec.yaml").write_text(
        "version: 1\ndatabase: {name: postgres}\nservices: {s: {schema: public, owner: postgres}}\n"
    )
    limits = Thresholds(read=500, large=1000)
    to = where(server.conninfo, "postgres")
    spec = load(tmp_path / "spec.yaml").spec

    def cache() -> list[Result]:
        return [r for r in examined(to, spec, ["s"], {}, limits).findings if r.step == "cache"]

    until(cache, "statistics have come")
    made = examined(to, spec, ["s"], {}, limits)
    found = [r for r in made.findings if r.step == "cache"]
    assert "of the blocks were in shared buffers" in found[0].what
    assert "public.big" in found[0].evidence[0]
    assert not [r for r in made.findings if r.step in ("indexes", "bloat")]


def test_a_pooler_whose_clients_wait(pooled: str, shop: Provisioning) -> None:
    assert not [r for r in checkup(shop).results if r.step == "pool"], "a server is no pooler"
    with ExitStack() as stack:
        for _ in range(2):  # as many as the pool has
            stack.enter_context(psycopg.connect(pooled, dbname=shop.name)).execute("SELECT 1")
        waiter = threading.Thread(target=_wait, args=(pooled,), daemon=True)
        waiter.start()
        console = stack.enter_context(_console(pooled))
        until(lambda: _waiting(console, shop.name) == 1, "a client waits")
        made: list[Checkup] = []
        # the doctor's own session waits as well, until the pool is free again
        doctor = threading.Thread(target=lambda: made.append(checkup(shop, pooled)))
        doctor.start()
        until(lambda: _waiting(console, shop.name) == 2, "the doctor waits")
    waiter.join(60)
    doctor.join(60)
    [found] = [r for r in made[0].results if r.step == "pool"]
    assert found.state is State.FINDING
    assert "wait for a server connection" in found.what
    assert "SHOW POOLS" in found.evidence[0]
    [quiet] = [r for r in checkup(shop, pooled).results if r.step == "pool"]
    assert quiet.state is State.OK


def test_a_pool_that_gives_nobody_a_connection(
    pooled: str, shop: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_PATIENCE", 1.0)
    with ExitStack() as stack:
        for _ in range(2):  # as many as the pool has, each in a transaction
            held = stack.enter_context(psycopg.connect(pooled, dbname=shop.name))
            held.execute("SELECT 1")
        waiter = threading.Thread(target=_wait, args=(pooled,), daemon=True)
        waiter.start()
        console = stack.enter_context(_console(pooled))
        until(lambda: _waiting(console, shop.name) == 1, "a client waits")
        made = checkup(shop, pooled)
    waiter.join(60)
    [found] = made.findings
    assert (found.step, found.subject) == ("pool", "connection")
    [locks] = [r for r in made.results if (r.subject, r.step) == ("shop", "locks")]
    assert (locks.state, locks.what) == (State.NOT_CHECKED, "no answer within 1 s")


def _console(pooled: str) -> psycopg.Connection:
    """Of PgBouncer."""
    parameters = make_conninfo(pooled, dbname="pgbouncer")
    return psycopg.connect(parameters, autocommit=True, prepare_threshold=None)


def _waiting(console: psycopg.Connection, database: str) -> int:
    cursor = console.execute(b"SHOW POOLS")
    names = [column.name for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return sum(int(row["cl_waiting"]) for row in rows if row["database"] == database)


def _wait(pooled: str) -> None:
    with psycopg.connect(pooled) as connection:
        connection.execute("SELECT 1")


def test_tls(encrypted: tuple[Server, Path], tmp_path: Path) -> None:
    server, authority = encrypted
    (tmp_path / "spec.yaml").write_text(
        "version: 1\ndatabase: {name: postgres}\n"
        "services: {s: {schema: public, owner: shop_owner}}\n"
    )
    spec = load(tmp_path / "spec.yaml").spec
    with server.connect() as connection:
        port = connection.execute("SHOW port").fetchone()

    def look(**parameters: str) -> list[Result]:
        given = {"host": "localhost", "port": port[0], "user": "shop_owner", "password": "pw"}  # type: ignore[index]
        text = " ".join(f"{key}={value}" for key, value in (given | parameters).items())
        made = examined(where(text, "postgres"), spec, [], {}, QUICK)
        return [r for r in made.results if r.subject == "connection"]

    trusted = look(sslmode="verify-full", sslrootcert=str(authority))
    assert not [r for r in trusted if r.state is State.FINDING]
    assert any("certificate verified" in r.what for r in trusted)
    [plain] = [r for r in look(sslmode="disable") if r.state is State.FINDING]
    assert plain.step == "TLS"
    assert "without TLS" in plain.what
    assert "sslmode=require" in str(plain.mend)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    [untrusted] = [
        r for r in look(sslmode="verify-ca", sslrootcert=str(other)) if r.state is State.FINDING
    ]
    assert untrusted.step == "TLS"
    assert "certificate is refused" in untrusted.what
    [misnamed] = [
        r
        for r in look(host="127.0.0.1", sslmode="verify-full", sslrootcert=str(authority))
        if r.state is State.FINDING
    ]
    assert "certificate is refused" in misnamed.what
    assert not [
        r
        for r in look(host="127.0.0.1", sslmode="verify-ca", sslrootcert=str(authority))
        if r.state is State.FINDING
    ]


def test_nobody_is_let_in_from_here(own_cluster: Cluster, tmp_path: Path) -> None:
    server = Server(own_cluster.start(), 0)
    with server.connect() as connection:
        write_on_server(connection, "pg_hba.conf", "local all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
        port = connection.execute("SHOW port").fetchone()
    (tmp_path / "spec.yaml").write_text("version: 1\ndatabase: {name: postgres}\n")
    to = where(f"host=127.0.0.1 port={port[0]} user=postgres password=x", "postgres")  # type: ignore[index]
    [found] = examined(to, load(tmp_path / "spec.yaml").spec, [], {}, QUICK).findings
    assert (found.step, found.evidence[0][:5]) == ("authentication", "28000")
    assert "no line of pg_hba.conf" in found.what


def test_backups_that_are_missing_or_late(shop: Provisioning) -> None:
    spec = shop.folder / "spec.yaml"
    given = ("--spec", str(spec), "--url", shop.conninfo)

    def kept() -> tuple[int, str]:
        looked = ran("doctor", "shop", *given, "--format", "json")
        [result] = [r for r in json.loads(looked.out)["results"] if r["step"] == "backups"]
        return looked.code, f"{result['state']}: {result['what']}"

    assert kept() == (0, "not checked: the spec does not say where backups of `shop` go")
    spec.write_text(spec.read_text() + "\nbackup: {to: ./kept, schedule: hourly}\n")
    assert kept() == (2, "finding: there is no good backup")
    assert ran("backup", "run", *given).code == 0
    assert kept() == (0, "ok: the last good backup is 0.0 hours old")
    metrics = parsed(ran("metrics", *given).out)
    age = metrics["chirodb_service_backup_age_seconds", (("service", "shop"),)]
    assert 0 <= age < 60
    assert metrics["chirodb_service_backup_size_bytes", (("service", "shop"),)] > 100
    assert metrics["chirodb_scrape_unseen", (("what", "backups"),)] == 0
    assert ("chirodb_service_drill_age_seconds", (("service", "shop"),)) not in metrics
    shutil.rmtree(shop.folder / "kept")
    metrics = parsed(ran("metrics", *given).out)
    assert metrics["chirodb_scrape_unseen", (("what", "backups"),)] == 2


def test_a_late_backup() -> None:
    late = LastBackup(3 * 3600, 1, None, "hourly")
    [result] = backups.results("shop", late)
    assert (result.state, result.mend) == (State.FINDING, "chirodb backup run shop")
    [result] = backups.results("shop", replace(late, schedule="daily"))
    assert result.state is State.OK


def test_from_the_command_line(shop: Provisioning) -> None:
    given = ("--spec", str(shop.folder / "spec.yaml"), "--url", shop.conninfo)
    healthy = ran("doctor", "shop", *given)
    assert healthy.code == 0, healthy.out + healthy.err
    assert "books" not in healthy.out
    assert "not checked" in healthy.out
    shop.query(f"REVOKE USAGE ON SCHEMA shop FROM {shop.name}_sa")
    ill = ran("doctor", *given)
    assert ill.code == 2
    assert f"mend: GRANT USAGE ON SCHEMA shop TO {shop.name}_sa" in ill.out
    assert ran("doctor", "books", *given).code == 0
    unknown = ran("doctor", "bookz", *given)
    assert unknown.code == 1
    assert "did you mean `books`" in unknown.err
    assert ran("doctor", *given[:2], "--url", "host=127.0.0.1 port=1 user=x").code == 2
