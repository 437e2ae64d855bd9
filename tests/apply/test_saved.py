"""A saved plan runs as it was shown, or is refused with the reason."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chiro_db.apply import saved
from chiro_db.apply.planning import plan as make
from chiro_db.apply.run import PlanChangedError
from chiro_db.apply.run import apply as carry_out
from chiro_db.errors import ChirodbError, RefusedError
from chiro_db.files import write_private
from chiro_db.model.plan import Plan
from chiro_db.plan.saved import dumps, loads
from tests.provisioning import Provisioning, administrator, statements

SPEC = """
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app, settings: {work_mem: 8MB}}
  other: {schema: other, owner: other_owner}
roles:
  shop_app: {password: "${env:APP_PASSWORD}"}
"""


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    provision.secrets = {"shop_app": "hush-hush"}
    return provision


def save(provision: Provisioning, spec: str = SPEC) -> Path:
    file = provision.folder / "plan.json"
    write_private(file, dumps(provision.plan(spec, for_saving=True)))
    return file


def carried_out(provision: Provisioning, file: Path, spec: str = SPEC) -> Plan:
    job = provision.job(spec)
    shown = saved.load(file)
    saved.check_spec(shown, job)
    return carry_out(job, shown, lock_timeout=5)


def test_it_is_the_same_value(shop: Provisioning) -> None:
    plan = administrator(shop).plan(SPEC, for_saving=True)
    assert loads(dumps(plan)) == plan


def test_it_is_applied_as_shown(shop: Provisioning) -> None:
    file = save(shop)
    shown = loads(file.read_text())
    assert statements(carried_out(shop, file)) == statements(shown)
    assert not shop.plan(SPEC).changes
    with pytest.raises(RefusedError, match="stale"):
        carried_out(shop, file)


def test_nobody_else_reads_it_and_it_has_no_secret(shop: Provisioning) -> None:
    file = save(shop)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "hush-hush" not in text
    assert "SCRAM" not in text
    password = make(shop.job(SPEC)).host
    assert "password" not in password


def test_narrowed_to_a_service(shop: Provisioning) -> None:
    narrow = replace(shop, services=frozenset({"shop"}))
    file = save(narrow)
    carried_out(shop, file)  # as `chirodb apply FILE` has it, without --service
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'other'") == 0
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == 1


def test_for_a_database_that_does_not_exist(shop: Provisioning) -> None:
    shop.name += "_new"
    file = save(shop)
    carried_out(shop, file)
    assert not shop.plan(SPEC).changes


def test_the_database_was_made_since(shop: Provisioning) -> None:
    shop.name += "_new"
    file = save(shop)
    with shop.database.server.connect() as connection:
        connection.execute(f'CREATE DATABASE "{shop.name}"'.encode())
    with pytest.raises(RefusedError):
        carried_out(shop, file)
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == 0


@pytest.mark.parametrize(
    "change",
    [
        "CREATE ROLE shop_app",
        "ALTER ROLE shop_owner CONNECTION LIMIT 3",
        "CREATE TABLE shop.t ()",
        "GRANT SELECT ON shop.kept TO PUBLIC",
        "GRANT shop_owner TO PUBLIC_ROLE",
        "COMMENT ON SCHEMA shop IS 'other'",
        "ALTER DATABASE \"DATABASE\" SET work_mem = '1MB'",
        "ALTER ROLE shop_owner IN DATABASE \"DATABASE\" SET work_mem = '1MB'",
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA shop GRANT SELECT ON TABLES TO"
        " PUBLIC",
    ],
)
def test_refused_when_what_is_managed_has_changed(shop: Provisioning, change: str) -> None:
    shop.query(
        "CREATE ROLE public_role; CREATE ROLE shop_owner LOGIN;"
        "CREATE SCHEMA shop AUTHORIZATION shop_owner; CREATE TABLE shop.kept ()"
    )
    spec = SPEC + "database: {name: DATABASE, settings: {work_mem: 4MB}}\n"
    file = save(shop, spec)
    shop.query(change.replace('DATABASE"', f'{shop.name}"').replace("PUBLIC_ROLE", "public_role"))
    with pytest.raises(RefusedError):
        carried_out(shop, file, spec)
    assert not shop.query("SELECT FROM pg_namespace WHERE nspname = 'other'")


@pytest.mark.parametrize(
    "change",
    [
        "CREATE ROLE somebody LOGIN SUPERUSER",
        "CREATE ROLE somebody; CREATE ROLE club; GRANT club TO somebody, shop_owner",
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (); GRANT ALL ON elsewhere.t TO PUBLIC",
        "CREATE TABLE public.t (); GRANT SELECT ON public.t TO shop_owner",
        'ALTER ROLE shop_owner IN DATABASE "DATABASE" SET jit = off',
        "ALTER ROLE shop_owner SET work_mem = '1MB'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "REVOKE SELECT ON shop.kept FROM shop_app; GRANT SELECT ON shop.kept TO shop_app",
    ],
)
def test_applied_when_something_else_has_changed(shop: Provisioning, change: str) -> None:
    shop.apply(SPEC)
    shop.query("SET ROLE shop_owner; CREATE TABLE shop.kept ()")
    shop.query("DROP SCHEMA other")
    file = save(shop)
    shop.query(change.replace('DATABASE"', f'{shop.name}"'))
    carried_out(shop, file)
    assert not shop.plan(SPEC).changes


def test_refused_when_the_password_was_set_since(shop: Provisioning) -> None:
    shop.apply(SPEC)
    shop.query("ALTER ROLE shop_app PASSWORD 'other'")
    file = save(shop)
    shop.query("ALTER ROLE shop_app PASSWORD 'hush-hush'")
    shop.query("DROP SCHEMA other")
    with pytest.raises((RefusedError, PlanChangedError)):
        carried_out(shop, file)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda plan: replace(plan, chirodb="0.0.1"), "made by chirodb 0.0.1"),
        (lambda plan: replace(plan, digest="other"), "the spec has changed since"),
        (lambda plan: replace(plan, database="other"), "it is for the database other"),
    ],
)
def test_refused_before_anything_is_read(
    shop: Provisioning, edit: Callable[[Plan], Plan], said: str
) -> None:
    file = save(shop)
    file.write_text(dumps(edit(loads(file.read_text()))))
    with pytest.raises(RefusedError, match=said):
        carried_out(shop, file)


def test_refused_on_another_server(shop: Provisioning) -> None:
    file = save(shop)
    file.write_text(dumps(replace(loads(file.read_text()), system_identifier="1")))
    with pytest.raises(RefusedError, match="another server"):
        carried_out(shop, file)


def test_refused_when_somebody_wrote_into_it(shop: Provisioning) -> None:
    file = save(shop)
    file.write_text(file.read_text().replace("CREATE SCHEMA other", "CREATE SCHEMA evil"))
    with pytest.raises(RefusedError):
        carried_out(shop, file)
    assert not shop.query("SELECT FROM pg_namespace WHERE nspname IN ('evil', 'other')")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"chirodb_plan": 99}', "\x00"])
def test_what_is_no_plan(shop: Provisioning, text: str) -> None:
    file = shop.folder / "plan.json"
    file.write_text(text)
    with pytest.raises(ChirodbError, match="not a plan"):
        saved.load(file)


def test_refused_where_it_would_leave_what_a_policy_denies(shop: Provisioning) -> None:
    deny = 'policies: {sealed: {deny: {privileges: UPDATE, on: "shop.*", except: "shop_*"}}}\n'
    shop.query("CREATE SCHEMA shop; CREATE TABLE shop.kept ()")
    file = save(shop, SPEC + deny)
    shop.query("CREATE ROLE late IN ROLE pg_write_all_data")  # what no spec manages
    with pytest.raises(RefusedError, match="policy `sealed`: late has UPDATE on shop"):
        carried_out(shop, file, SPEC + deny)
    assert not shop.query("SELECT FROM pg_namespace WHERE nspname = 'other'")
