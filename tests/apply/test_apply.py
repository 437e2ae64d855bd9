"""One apply is one transaction: all of it or nothing, and never two at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from chiro_db.apply.planning import Job
from chiro_db.apply.planning import plan as make
from chiro_db.apply.run import PlanChangedError
from chiro_db.apply.run import apply as carry_out
from chiro_db.apply.transaction import LOCK
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.model.plan import Plan
from tests.provisioning import Provisioning, summaries

SPEC = """
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app, purpose: Sells}
"""
TABLES = "SET ROLE shop_owner; CREATE TABLE shop.a (); CREATE TABLE shop.b ()"
DRIFT = "REVOKE ALL ON shop.a, shop.b FROM shop_app"


def state(provision: Provisioning) -> object:
    """What an apply would change."""
    return (
        provision.query("SELECT rolname, rolcanlogin FROM pg_roles ORDER BY 1"),
        provision.query("SELECT nspname, nspacl::text FROM pg_namespace ORDER BY 1"),
        provision.query("SELECT relname, relacl::text FROM pg_class WHERE relname IN ('a', 'b')"),
        provision.query("SELECT datacl::text FROM pg_database WHERE datname = current_database()"),
        provision.query("SELECT * FROM pg_db_role_setting"),
        provision.query("SELECT * FROM pg_default_acl"),
    )


def in_a_loop(job: Job, shown: Plan) -> Plan:
    """As the command does: what changed meanwhile is planned and done again."""
    for _ in range(20):
        try:
            return carry_out(job, shown, lock_timeout=5)
        except PlanChangedError as changed:
            shown = changed.now
    raise AssertionError("it keeps changing")


def test_a_failure_leaves_everything_as_it_was(provision: Provisioning) -> None:
    provision.query(
        "CREATE FUNCTION no_comments() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$BEGIN IF current_setting('application_name') = 'chirodb' THEN"
        "  RAISE EXCEPTION 'not today'; END IF; END$$;"
        "CREATE EVENT TRIGGER t ON ddl_command_start WHEN TAG IN ('COMMENT')"
        " EXECUTE FUNCTION no_comments()"
    )
    before = state(provision)
    with pytest.raises(ServerError) as caught:
        provision.run(SPEC)
    assert caught.value.message == "comment of schema shop: not today"
    assert caught.value.where == "COMMENT ON SCHEMA shop IS 'Sells'"
    assert state(provision) == before
    provision.query("DROP EVENT TRIGGER t")
    provision.apply(SPEC)


def test_a_lock_that_is_held(provision: Provisioning) -> None:
    """Three tries, then an error that names the statement; nothing is changed."""
    provision.apply(SPEC)
    provision.query("CREATE TABLE shop.a ()")
    job = provision.job(SPEC)
    before = state(provision)
    with provision.database.connect() as other:
        other.execute("BEGIN; LOCK TABLE shop.a IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        with pytest.raises(ServerError) as caught:
            carry_out(job, make(job), lock_timeout=0.3)
        assert time.monotonic() - started >= 0.9
        assert caught.value.where == "ALTER TABLE shop.a OWNER TO shop_owner"
        assert "--lock-timeout" in (caught.value.hint or "")
        assert state(provision) == before

    def hold(held: threading.Event) -> None:
        with provision.database.connect() as other:
            other.execute("BEGIN; LOCK TABLE shop.a IN ACCESS EXCLUSIVE MODE")
            held.set()
            time.sleep(0.9)

    held = threading.Event()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(hold, held)
        held.wait()
        carry_out(job, make(job), lock_timeout=0.7)  # the first try fails, the others have time
        waiting.result()
    assert not provision.plan(SPEC).changes


def test_another_apply_that_goes_on_for_long_is_named(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    shown = make(job)
    with provision.database.connect(application_name="chirodb") as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        pid = other.info.backend_pid
        with pytest.raises(RefusedError) as caught:
            carry_out(job, shown, lock_timeout=0.1)
    assert f"process {pid}" in caught.value.message
    assert "an apply of" in caught.value.message


@pytest.mark.parametrize("number", [2, 10])
@pytest.mark.parametrize("exists", [True, False], ids=["database", "no database"])
def test_several_at_once(provision: Provisioning, number: int, exists: bool) -> None:
    """One does it, the others find it done."""
    if not exists:
        provision.name += "_new"
    job = provision.job(SPEC)
    plans = [make(job) for _ in range(number)]
    with ThreadPoolExecutor(number) as pool:
        done = list(pool.map(lambda shown: in_a_loop(job, shown), plans))
    assert sum(1 for plan in done if plan.runnable) == 1
    assert not make(job).changes


def test_a_killed_process_leaves_nothing(provision: Provisioning, tmp_path: Path) -> None:
    provision.apply(SPEC)
    provision.query("CREATE TABLE shop.a ()")
    spec = SPEC + "roles: {late: {}}\n"
    job = provision.job(spec)
    before = state(provision)
    code = (
        "import sys; from pathlib import Path; from chiro_db.spec.load import load\n"
        "from chiro_db.catalog.connect import where; from chiro_db.apply.planning import *\n"
        "from chiro_db.apply.run import apply\n"
        "loaded = load(Path(sys.argv[1])); job = Job(loaded, where(sys.argv[2], sys.argv[3]))\n"
        "apply(job, plan(job), lock_timeout=60)\n"
    )
    with provision.database.connect() as other:
        other.execute("BEGIN; LOCK TABLE shop.a IN ACCESS EXCLUSIVE MODE")
        arguments = [str(job.loaded.path), provision.conninfo, provision.name]
        process = subprocess.Popen([sys.executable, "-c", code, *arguments])
        waiting = (
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE NOT granted"
            " AND application_name = 'chirodb'"
        )
        while provision.value(waiting) == 0:
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        other.execute("ROLLBACK")
    gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chirodb'"
    while provision.value(gone):
        time.sleep(0.05)
    assert state(provision) == before
    provision.apply(spec)


@contextmanager
def granting(provision: Provisioning) -> Iterator[list[int]]:
    """Someone else who grants on the same objects all the time."""
    stop = threading.Event()
    count = [0]

    def grant() -> None:
        with provision.database.connect() as other:
            while not stop.is_set():
                for text in ("GRANT", "REVOKE"):
                    word = "TO" if text == "GRANT" else "FROM"
                    try:
                        other.execute(f"{text} SELECT ON shop.a, shop.b {word} bystander".encode())
                        count[0] += 1
                    except psycopg.errors.InternalError_:
                        pass  # tuple concurrently updated; ours may have been first
                time.sleep(0.01)

    thread = threading.Thread(target=grant)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()


def test_beside_somebody_who_grants_all_the_time(provision: Provisioning) -> None:
    provision.apply(SPEC)
    provision.query(TABLES)
    provision.query("CREATE ROLE bystander SUPERUSER")  # exempt
    spec = SPEC.replace("app: shop_app", "app: shop_app, reader: shop_reader")
    job = provision.job(spec)
    with granting(provision) as count:
        for _ in range(5):
            with suppress(psycopg.errors.InternalError_):  # the drift meets the other one too
                provision.query(DRIFT)
            with suppress(ServerError):  # three tries may all be in vain
                in_a_loop(job, make(job))
        assert count[0]
    in_a_loop(job, make(job))
    assert not make(job).changes


def test_the_settings_of_the_administrator_do_not_count(provision: Provisioning) -> None:
    provision.query("CREATE ROLE shop_owner; CREATE SCHEMA shop AUTHORIZATION shop_owner")
    provision.query("CREATE FUNCTION shop.f(integer, text) RETURNS int RETURN 1")
    for setting in (
        "default_transaction_read_only = on",
        "default_transaction_isolation = serializable",
        "default_transaction_deferrable = on",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "statement_timeout = '3s'",
        "search_path = 'shop'",
        "client_min_messages = error",
        "bytea_output = escape",
    ):
        with provision.database.server.connect() as connection:
            connection.execute(f'ALTER DATABASE "{provision.name}" SET {setting}'.encode())
    grants = "grants: [{to: shop_app, privileges: EXECUTE, functions: ['f(int, text)']}]"
    spec = SPEC.replace("purpose: Sells", f"purpose: Sells, {grants}")
    job = provision.job(spec + "roles: {'back\\slash': {comment: 'a\\b'}}")
    plans = [make(job) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda shown: carry_out(job, shown, lock_timeout=5), plans))
    assert sum(1 for plan in done if plan.runnable) == 1
    assert not make(job).changes


def test_what_changed_since_it_was_shown_is_not_done(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    shown = make(job)
    provision.query("CREATE ROLE shop_app LOGIN")
    with pytest.raises(PlanChangedError) as changed:
        carry_out(job, shown, lock_timeout=5)
    assert "create role shop_app (LOGIN)" not in summaries(changed.value.now)
    assert provision.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == 0


def test_done_already_is_no_failure(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    shown = make(job)
    carry_out(job, shown, lock_timeout=5)
    assert not carry_out(job, shown, lock_timeout=5).runnable


@pytest.mark.parametrize("exists", [True, False], ids=["database", "no database"])
def test_reading_takes_a_fixed_number_of_queries(
    provision: Provisioning, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    if not exists:
        provision.name += "_new"
    sent: list[object] = []
    execute = psycopg.Connection.execute

    def counted(self: object, query: object, *values: object, **options: object) -> object:
        sent.append(query)
        return execute(self, query, *values, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    counts = []
    for number in (8, 80):
        services = "\n".join(
            f"  s{i}: {{schema: s{i}, owner: o{i}, app: a{i}, settings: {{work_mem: {i + 1}MB}}}}"
            for i in range(number)
        )
        job = provision.job(f"services:\n{services}\n")
        sent.clear()
        shown = make(job)
        counts.append(len(sent))
        assert len(shown.changes) > number
    assert counts[0] == counts[1] < 20


def test_a_database_is_made_from_template0(provision: Provisioning) -> None:
    provision.name += '_"new"'
    spec = """
        database: {name: 'NAME', owner: boss, comment: A "new" one, settings: {timezone: utc}}
        roles: {boss: {}}
        """.replace("NAME", provision.name)
    shown = provision.plan(spec)
    assert shown.creates_database
    provision.apply(spec)
    assert provision.query(
        "SELECT datdba::regrole::text, shobj_description(oid, 'pg_database'), datcollate"
        " FROM pg_database WHERE datname = current_database()"
    ) == [
        (
            "boss",
            'A "new" one',
            provision.value("SELECT datcollate FROM pg_database WHERE datname = 'template0'"),
        )
    ]
    assert provision.value("SHOW timezone") in ("UTC", "utc")


def test_narrowed_to_a_service(provision: Provisioning) -> None:
    spec = SPEC + "  other: {schema: other, owner: other_owner}\n"
    narrow = replace(provision, services=frozenset({"shop"}))
    narrow.run(spec)
    assert provision.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'other'") == 0
    assert not narrow.plan(spec).changes


def test_errors_are_of_our_own_kind(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    shown = make(job)
    with provision.database.server.connect() as connection:
        connection.execute(f'ALTER DATABASE "{provision.name}" ALLOW_CONNECTIONS false'.encode())
    try:
        with pytest.raises(ChirodbError):
            carry_out(job, shown, lock_timeout=5)
    finally:
        with provision.database.server.connect() as connection:
            connection.execute(f'ALTER DATABASE "{provision.name}" ALLOW_CONNECTIONS true'.encode())
