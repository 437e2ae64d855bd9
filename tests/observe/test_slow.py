"""Slow statements of real services, on real servers."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chiro_db.catalog.connect import connected, where
from chiro_db.cli.slow import screenful
from chiro_db.embedded import Cluster
from chiro_db.errors import ChirodbError, RefusedError
from chiro_db.observe import generic_plan, snapshots, statements
from chiro_db.observe.ranking import UNSEEN, By, ServiceLoad, ranked
from chiro_db.observe.services import services_of_roles
from chiro_db.observe.session import looking
from chiro_db.observe.statements import Reading
from tests.cli.running import Ran, chirodb, environment
from tests.provisioning import Provisioning
from tests.servers import Server

SPEC = """
database: {name: DATABASE, extensions: {pg_stat_statements: {schema: public}}}
services:
  shop: {schema: shop, owner: DATABASE_so, app: DATABASE_sa, migrator: DATABASE_sm}
  books: {schema: books, owner: DATABASE_bo, creators: [DATABASE_bc]}
roles: {DATABASE_bc: {login: true}, DATABASE_x: {login: true}}
"""


@pytest.fixture
def slow(provision: Provisioning) -> Provisioning:
    provision.apply(SPEC)
    provision.query("SELECT pg_stat_statements_reset()")
    return provision


def run(provision: Provisioning, role: str, *queries: str) -> None:
    """As the role from the start: a SET ROLE would be counted as one of its statements."""
    acting = f"-c role={provision.name}_{role}"
    with provision.database.connect(options=acting) as connection:
        for query in queries:
            connection.execute(query.encode())


def reading(provision: Provisioning) -> Reading:
    job = provision.job(SPEC)
    with connected(job.to) as connection, looking(connection):
        return statements.read(connection, services_of_roles(job.loaded.spec))


def loads(provision: Provisioning, by: By = By.TOTAL) -> dict[str | None, ServiceLoad]:
    found = ranked(reading(provision).statements, by, 20, frozenset())
    return {load.service: load for load in found}


@pytest.mark.every_version
def test_the_roles_of_a_service_count_together(slow: Provisioning) -> None:
    run(slow, "so", "CREATE TABLE shop.t AS SELECT generate_series(1, 1000) AS i")
    run(slow, "so", "SELECT count(*) FROM shop.t WHERE i > 1")
    run(slow, "sa", "SELECT count(*) FROM shop.t WHERE i > 2", "SELECT pg_sleep(0.2)")
    run(slow, "bc", "SELECT count(*) FROM generate_series(1, 1000)")
    run(slow, "x", "SELECT 'of nobody'")
    found = loads(slow)
    shop = {one.text: one for one in found["shop"].statements}
    both = shop["SELECT count(*) FROM shop.t WHERE i > $1"].counted
    assert (both.calls, both.rows) == (2, 2)
    slept = shop["SELECT pg_sleep($1)"]
    assert 200 <= slept.counted.max_ms == pytest.approx(slept.counted.mean_ms)
    took = [one.counted.total_ms for one in found["shop"].statements]
    assert took == sorted(took, reverse=True)
    assert slept.share == pytest.approx(slept.counted.total_ms / sum(took))
    assert sum(one.share for one in found["shop"].statements) == pytest.approx(1)
    [books] = found["books"].statements
    assert (books.text, books.counted.calls) == ("SELECT count(*) FROM generate_series($1, $2)", 1)
    rest = {one.text for one in found[None].statements}
    assert "SELECT $1" in rest
    assert list(found)[-1] is None
    assert sum(load.share for load in found.values()) == pytest.approx(1)


@pytest.mark.every_version
def test_what_statements_are_measured_by(slow: Provisioning) -> None:
    run(
        slow,
        "so",
        "CREATE TABLE shop.big AS SELECT i, repeat('x', 500) t FROM generate_series(1, 20000) i",
    )
    run(slow, "so", *["SELECT 1"] * 30, "SELECT count(*) FROM shop.big")
    run(slow, "so", "SELECT pg_sleep(1.5)")
    sort = "SELECT i FROM generate_series(1, 200000) i ORDER BY i DESC OFFSET 199999"
    run(slow, "so", "SET work_mem = '64kB'", sort)
    first = {by: loads(slow, by)["shop"].statements[0] for by in By}
    assert first[By.CALLS].text == "SELECT $1"
    assert first[By.CALLS].counted.calls == 30
    assert first[By.MEAN].text == "SELECT pg_sleep($1)"
    assert "ORDER BY i DESC" in first[By.TEMP].text
    assert first[By.TEMP].counted.temp > 100
    assert "CREATE TABLE" in first[By.IO].text or "count" in first[By.IO].text
    assert first[By.IO].counted.io > 0
    [written] = loads(slow, By.TEMP)["shop"].statements
    assert written.counted.temp > 100, "what has written none is not listed"
    count = next(o for o in loads(slow)["shop"].statements if o.text.startswith("SELECT count"))
    assert count.counted.cached is not None
    assert 0 <= count.counted.cached <= 1


@pytest.mark.every_version
def test_sqlcommenter_tags_lead_to_route_and_trace(slow: Provisioning) -> None:
    trace = "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01"
    comment = f"/*route='%2Forders%2F%3Aid',traceparent='{trace}',x='it\\'s'*/"
    run(slow, "sa", f"SELECT 42 {comment}", f"SELECT 'a', 2 {comment};")
    found = [one for one in loads(slow)["shop"].statements if one.tags]
    assert {one.text for one in found} == {"SELECT $1", "SELECT $1, $2"}
    for one in found:
        assert one.tags == {"route": "/orders/:id", "traceparent": trace, "x": "it's"}


@pytest.mark.every_version
def test_since_a_snapshot_only_what_came_after_it(
    slow: Provisioning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIRODB_STATE_DIR", str(tmp_path / "state"))
    place = snapshots.folder("1", 'odd/"name')
    run(slow, "so", *["SELECT 1"] * 7)
    first = reading(slow)
    assert snapshots.before(place, first.at) is None
    snapshots.remember(place, first)
    snapshots.remember(place, first)
    [file] = place.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    run(slow, "so", *["SELECT 2"] * 3, "SELECT 'new', 1")
    kept = snapshots.before(place, first.at - 100)
    assert kept is not None

    def calls(now: Reading) -> dict[str | None, int]:
        return {s.query: s.calls for s in snapshots.since(now, kept) if s.service == "shop"}

    second = calls(reading(slow))
    assert second["SELECT $1"] == 3
    assert second["SELECT $1, $2"] == 1
    slow.query("SELECT pg_stat_statements_reset()")
    run(slow, "so", "SELECT 3")
    assert calls(reading(slow)) == {"SELECT $1": 1} | {
        s.query: s.calls for s in reading(slow).statements if s.service == "shop"
    }
    assert reading(slow).since > kept.at


def test_old_snapshots_go(
    slow: Provisioning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIRODB_STATE_DIR", str(tmp_path))
    place = snapshots.folder("1", "d")
    now = reading(slow)
    place.mkdir(parents=True)
    for age in (40 * 86_400, 30 * 86_400, 3_600, 30):
        document = {"at": now.at - age, "since": 0, "columns": [], "rows": []}
        (place / f"{now.at - age:.3f}.json").write_text(json.dumps(document))
    snapshots.remember(place, now)  # the last one is too young for another one
    assert len(list(place.iterdir())) == 4
    (place / f"{now.at - 30:.3f}.json").unlink()
    snapshots.remember(place, now)
    ages = sorted(round(now.at - float(path.stem)) for path in place.iterdir())
    assert ages == [0, 3_600, 30 * 86_400]
    chosen = snapshots.before(place, now.at - 7_200)
    assert chosen is not None
    assert round(now.at - chosen.at) == 30 * 86_400


def test_without_the_extension(provision: Provisioning) -> None:
    with pytest.raises(ChirodbError, match="no extension pg_stat_statements") as caught:
        reading(provision)
    assert "CREATE EXTENSION pg_stat_statements" in str(caught.value.hint)


def test_without_the_library(own_cluster: Cluster, tmp_path: Path) -> None:
    server = Server(own_cluster.start(), 0)
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = auto_explain")
    own_cluster.stop()
    to = where(own_cluster.start(), "postgres")
    with (
        connected(to) as connection,
        looking(connection),
        pytest.raises(ChirodbError, match="was not started with it") as caught,
    ):
        statements.read(connection, {})
    assert caught.value.hint == (
        "ALTER SYSTEM SET shared_preload_libraries TO 'auto_explain', 'pg_stat_statements',"
        " then restart the server"
    )


@pytest.mark.every_version
def test_who_may_not_see_all_is_told(slow: Provisioning) -> None:
    run(slow, "so", "SELECT 'secret'")
    slow.query(f"ALTER ROLE {slow.name}_x PASSWORD 'pw'")
    slow.query(f"GRANT CONNECT ON DATABASE {slow.name} TO {slow.name}_x")
    ordinary = slow.connected_as(f"{slow.name}_x", "pw")
    assert not reading(ordinary).sees_all
    assert {one.text for one in loads(ordinary)["shop"].statements} == {UNSEEN}
    slow.query(f"GRANT pg_monitor TO {slow.name}_x")
    assert reading(ordinary).sees_all
    assert UNSEEN not in {one.text for one in loads(ordinary)["shop"].statements}


@pytest.mark.every_version
def test_generic_plans(slow: Provisioning) -> None:
    run(slow, "so", "CREATE TABLE shop.t (i int PRIMARY KEY)")
    job = slow.job(SPEC)
    service = job.loaded.spec.services["shop"]
    with connected(job.to) as connection, looking(connection):
        if slow.database.server.version < 160000:
            with pytest.raises(RefusedError, match="needs PostgreSQL 16"):
                generic_plan.check(connection)
            return
        generic_plan.check(connection)

        def plan(query: str) -> str:
            return generic_plan.generic_plan(connection, query, service)

        assert "t_pkey" in plan("SELECT * FROM t WHERE i = $1")
        assert "Delete on t" in plan("DELETE FROM t WHERE i = $1")
        assert plan("CREATE TABLE x AS SELECT $1") == "no plan: this kind of statement has none"
        assert "does not exist" in plan("SELECT * FROM missing")
        assert "multiple commands" in plan("SELECT 1; COMMIT; DROP TABLE shop.t")
        assert connection.execute("SELECT count(*) FROM shop.t").fetchone() == (0,)


@pytest.fixture
def cli(slow: Provisioning, tmp_path: Path) -> Callable[..., Ran]:
    slow.job(SPEC)
    given = ("--spec", str(slow.folder / "spec.yaml"), "--url", slow.conninfo)
    env = {"CHIRODB_STATE_DIR": str(tmp_path / "state")}

    def call(*arguments: str) -> Ran:
        return chirodb("slow", *given, *arguments, env=env)

    return call


def test_from_the_command_line(cli: Callable[..., Ran], slow: Provisioning) -> None:
    assert cli("--since", "1h").code == 1
    assert cli("--since", "soon").code == 1
    months = cli("--since", "5m")
    assert (months.code, "`5m` is 150 days" in months.err) == (1, True), months.err
    assert "write 5min" in months.err
    assert cli("--by", "temp", "--service", "shop").code == 0
    run(slow, "so", "SELECT pg_sleep(0.2) /*route='%2F'*/")
    shown = cli("--since", "1h", "--limit", "1")
    assert shown.code == 0, shown.err
    assert "snapshot is" in shown.err
    assert "route=/" in shown.out
    assert "\x1b" not in shown.out
    document = json.loads(cli("--format", "json", "--service", "shop").out)
    [service] = document["services"]
    assert service["service"] == "shop"
    assert service["statements"][0]["tags"] == {"route": "/"}
    assert json.loads(cli("--format", "json", "--since", "x").out)["errored"]


def test_where_nothing_can_be_remembered(slow: Provisioning, tmp_path: Path) -> None:
    """A folder that cannot be made, and a snapshot that is damaged."""
    slow.job(SPEC)
    given = ("slow", "--spec", str(slow.folder / "spec.yaml"), "--url", slow.conninfo)
    (tmp_path / "file").write_text("")
    shown = chirodb(*given, env={"CHIRODB_STATE_DIR": str(tmp_path / "file")})
    assert shown.code == 0, shown.err
    assert "nothing is remembered for --since" in shown.err
    env = {"CHIRODB_STATE_DIR": str(tmp_path / "state")}
    assert chirodb(*given, env=env).code == 0
    [snapshot] = (tmp_path / "state" / "slow").glob("*/*.json")
    snapshot.write_text("{")
    damaged = chirodb(*given, "--since", "1h", env=env)
    assert damaged.code == 1
    assert "this snapshot is damaged" in damaged.err


def test_what_is_watched_stays_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The services with the most are on top."""
    monkeypatch.setenv("LINES", "6")
    monkeypatch.setenv("COLUMNS", "80")
    assert screenful("a\nb\nc\nd") == "a\nb\nc\nd"
    assert screenful("a\nb\nc\nd\ne").splitlines()[:3] == ["a", "b", "c"]
    assert screenful("a\nb\nc\nd\ne").splitlines()[3].startswith("... 2 more lines")


def test_watching_ends_with_ctrl_c(slow: Provisioning, tmp_path: Path) -> None:
    slow.job(SPEC)
    command = [sys.executable, "-m", "chiro_db", "slow", "--watch", "--interval", "0.1"]
    command += ["--spec", str(slow.folder / "spec.yaml"), "--url", slow.conninfo]
    env = environment({"CHIRODB_STATE_DIR": str(tmp_path)})
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        seen, end = 0, time.monotonic() + 30
        while seen < 3 and time.monotonic() < end:
            seen += "statements by total time" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert seen == 3
