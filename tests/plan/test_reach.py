"""What an ordinary administrator cannot do is found out before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chiro_db.model.plan import Plan
from tests.provisioning import Provisioning, administrator, summaries

pytestmark = pytest.mark.every_version
CHIRO_ERP = Path(__file__).parents[2] / "schema_specs"


@pytest.fixture
def admin(provision: Provisioning) -> Provisioning:
    if provision.database.server.version < 150000:  # its owner is the superuser there
        provision.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return administrator(provision)


def blocked(plan: Plan) -> dict[str, str]:
    """By what cannot be done the statement that someone else has to run."""
    return {c.summary: c.blocked.statement for c in plan.blocked if c.blocked is not None}


def test_chiro_erp_from_nothing(provision: Provisioning, admin: Provisioning) -> None:
    erp = replace(admin, name="chiro_erp")
    first = erp.plan(CHIRO_ERP)
    erp.apply(CHIRO_ERP)
    left = erp.plan(CHIRO_ERP)
    assert summaries(left) == list(blocked(first))
    superuser = replace(provision, name="chiro_erp")
    for statement in dict.fromkeys(blocked(left).values()):
        superuser.query(statement)
    last = erp.plan(CHIRO_ERP)
    assert not last.blocked
    erp.apply(CHIRO_ERP)


SERVICE = """
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app, reader: shop_reader, migrator: shop_move}
roles:
  clerk: {login: true, member_of: [shop_reader]}
"""


def test_a_service_in_a_database_of_ones_own(admin: Provisioning) -> None:
    admin.apply(SERVICE)
    assert not admin.plan(SERVICE).changes


@pytest.mark.parametrize(
    "drift",
    [
        "CREATE TABLE shop.t (i serial)",
        "CREATE VIEW shop.v AS SELECT 1; GRANT ALL ON shop.v TO PUBLIC",
        "SET ROLE shop_owner; CREATE TABLE shop.t (); GRANT ALL ON shop.t TO stranger",
        "ALTER SCHEMA shop OWNER TO stranger",
        "ALTER SCHEMA shop OWNER TO shop_app",
        "ALTER DATABASE %d OWNER TO stranger",
        "GRANT shop_owner TO stranger",
        "GRANT shop_owner TO stranger WITH ADMIN OPTION; SET ROLE stranger;"
        " GRANT shop_owner TO other",
        "GRANT pg_read_all_data TO shop_app",
        "DROP SCHEMA shop; REVOKE CREATE ON DATABASE %d FROM PUBLIC; ALTER DATABASE %d OWNER TO"
        ' stranger; REVOKE stranger FROM "ordinary admin"',
        'DROP OWNED BY clerk; DROP ROLE clerk; ALTER ROLE "ordinary admin" NOCREATEROLE',
        "ALTER ROLE shop_app SUPERUSER",
        "ALTER ROLE shop_app NOLOGIN CREATEDB REPLICATION BYPASSRLS",
        "REVOKE shop_owner FROM shop_move; REVOKE shop_reader FROM clerk",
        "ALTER ROLE shop_app IN DATABASE %d SET search_path = ''",
        "ALTER DEFAULT PRIVILEGES FOR ROLE stranger IN SCHEMA shop GRANT ALL ON TABLES TO other",
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT ALL ON TABLES TO other",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT ALL ON SCHEMA public TO shop_app",
        "GRANT ALL ON SCHEMA shop TO stranger WITH GRANT OPTION; SET ROLE stranger;"
        " GRANT USAGE ON SCHEMA shop TO other",
        "GRANT ALL ON DATABASE %d TO PUBLIC",
        'REVOKE shop_owner FROM "ordinary admin" CASCADE',
        "DROP OWNED BY shop_reader; DROP ROLE shop_reader; CREATE ROLE shop_reader",
    ],
)
def test_what_is_not_blocked_succeeds(
    provision: Provisioning, admin: Provisioning, drift: str
) -> None:
    """And what is left after the rest is exactly what was blocked."""
    admin.apply(SERVICE)
    provision.query("CREATE ROLE stranger; CREATE ROLE other")
    provision.query(drift.replace("%d", f'"{provision.name}"'))
    drifted = admin.plan(SERVICE)
    admin.apply(SERVICE)
    left = admin.plan(SERVICE)
    assert summaries(left) == list(blocked(drifted))
    for statement in dict.fromkeys(blocked(left).values()):
        provision.query(statement)
    admin.apply(SERVICE)
    assert not admin.plan(SERVICE).changes


def test_a_privileged_attribute_does_not_keep_the_role_from_being_made(
    provision: Provisioning, admin: Provisioning
) -> None:
    spec = "roles: {standby: {login: true, replication: true, connection_limit: 2}}"
    plan = admin.plan(spec)
    assert list(blocked(plan).values()) == ["ALTER ROLE standby REPLICATION"]
    admin.apply(spec)
    provision.query(blocked(plan)["role standby: replication: off -> on"])
    assert not admin.plan(spec).changes


def test_without_createdb_nothing_is_done_about_a_database_that_is_missing(
    provision: Provisioning, admin: Provisioning
) -> None:
    provision.query('ALTER ROLE "ordinary admin" NOCREATEDB')
    plan = replace(admin, name="missing").plan(SERVICE)
    assert not plan.runnable
    assert set(blocked(plan).values()) == {'ALTER ROLE "ordinary admin" CREATEDB'}


def test_a_role_that_cannot_be_made_is_granted_nothing(
    provision: Provisioning, admin: Provisioning
) -> None:
    provision.query('ALTER ROLE "ordinary admin" NOCREATEROLE')
    provision.query("CREATE SCHEMA mine")
    plan = admin.plan(SERVICE)
    admin.apply(SERVICE)
    assert set(blocked(plan).values()) == {'ALTER ROLE "ordinary admin" CREATEROLE'}


def test_the_administrator_itself(provision: Provisioning, admin: Provisioning) -> None:
    spec = """
        roles:
          ordinary admin:
            comment: Runs chirodb
            connection_limit: 7
            settings: {statement_timeout: 1min}
        """
    plan = admin.plan(spec)
    admin.apply(spec)
    for statement in blocked(plan).values():
        provision.query(statement)
    assert not admin.plan(spec).changes
    major = provision.database.server.version // 10000
    assert bool(plan.blocked) is (major >= 16)


def test_a_member_that_may_not_set_the_role_lets_itself_do_so(
    provision: Provisioning, admin: Provisioning
) -> None:
    """From 16 on a membership may inherit without SET ROLE, and the other way round."""
    if provision.database.server.version < 160000:
        pytest.skip("memberships have no options before 16")
    for options in ("INHERIT TRUE, SET FALSE", "INHERIT FALSE, SET TRUE"):
        provision.query("CREATE ROLE maker LOGIN")
        provision.query('GRANT maker TO "ordinary admin" WITH ADMIN OPTION')
        provision.query(f'GRANT maker TO "ordinary admin" WITH {options}')
        admin.apply("services: {shop: {schema: shop, owner: maker}}")
        provision.query("DROP SCHEMA shop; DROP OWNED BY maker; DROP ROLE maker")


def test_admin_option_that_is_not_inherited_does_not_count(
    provision: Provisioning, admin: Provisioning
) -> None:
    if provision.database.server.version < 160000:
        pytest.skip("memberships have no options before 16")
    provision.query(
        "CREATE ROLE boss; CREATE ROLE maker LOGIN; GRANT maker TO boss WITH ADMIN TRUE"
    )
    provision.query('GRANT boss TO "ordinary admin" WITH INHERIT FALSE')
    spec = """
        services: {shop: {schema: shop, owner: maker}}
        roles: {clerk: {member_of: [maker]}}
        """
    assert 'GRANT maker TO "ordinary admin" WITH ADMIN OPTION' in blocked(admin.plan(spec)).values()
    admin.apply(spec)
