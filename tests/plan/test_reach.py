"""What an ordinary administrator cannot do is found out before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chiro_db.model.plan import Plan
from tests.provisioning import Provisioning, administrator, summaries

CHIRO_ERP = Path(__file__).parents[2] / "schema_specs"


@pytest.fixture
def admin(provision: Provisioning) -> Provisioning:
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
        "CREATE TABLE shop.t (i serial); CREATE VIEW shop.v AS SELECT 1; GRANT ALL ON shop.v TO PUBLIC",
        "SET ROLE shop_owner; CREATE TABLE shop.t (); GRANT ALL ON shop.t TO stranger",
        "ALTER SCHEMA shop OWNER TO stranger",
        "ALTER SCHEMA shop OWNER TO shop_app",
        "ALTER DATABASE DB OWNER TO stranger",
        "GRANT shop_owner TO stranger",
        "GRANT shop_owner TO stranger WITH ADMIN OPTION; SET ROLE stranger;"
        " GRANT shop_owner TO other",
        "GRANT pg_read_all_data TO shop_app",
        "ALTER ROLE shop_app SUPERUSER",
        "ALTER ROLE shop_app NOLOGIN CREATEDB REPLICATION BYPASSRLS",
        "REVOKE shop_owner FROM shop_move; REVOKE shop_reader FROM clerk",
        "ALTER ROLE shop_app IN DATABASE DB SET search_path = ''",
        "ALTER DEFAULT PRIVILEGES FOR ROLE stranger IN SCHEMA shop GRANT ALL ON TABLES TO other",
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT ALL ON TABLES TO other",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT ALL ON SCHEMA public TO shop_app",
        "GRANT ALL ON SCHEMA shop TO stranger WITH GRANT OPTION; SET ROLE stranger;"
        " GRANT USAGE ON SCHEMA shop TO other",
        "GRANT ALL ON DATABASE DB TO PUBLIC",
        'REVOKE "ordinary admin" FROM shop_owner; REVOKE shop_owner FROM "ordinary admin"',
        "DROP OWNED BY shop_reader; DROP ROLE shop_reader; CREATE ROLE shop_reader",
    ],
)
def test_what_is_not_blocked_succeeds(
    provision: Provisioning, admin: Provisioning, drift: str
) -> None:
    """And what is left after the rest is exactly what was blocked."""
    admin.apply(SERVICE)
    provision.query("CREATE ROLE stranger; CREATE ROLE other")
    provision.query(drift.replace("DB", f'"{provision.name}"'))
    drifted = admin.plan(SERVICE)
    assert drifted.changes
    admin.apply(SERVICE)
    left = admin.plan(SERVICE)
    assert summaries(left) == list(blocked(drifted))
    for statement in dict.fromkeys(blocked(left).values()):
        provision.query(statement)
    admin.apply(SERVICE)
    assert not admin.plan(SERVICE).changes
