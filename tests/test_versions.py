"""What differs between the versions of PostgreSQL, on each of them; in full with `--pg-version`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.provisioning import Provisioning, administrator, summaries
from tests.provisioning import provision as provision

CHIRO_ERP = Path(__file__).parent.parent / "schema_specs"
pytestmark = pytest.mark.every_version

SHOP = """
roles: {clerk: {}, guest: {}}
services:
  shop:
    schema: shop
    owner: shop_owner
    app: shop_app
    reader: shop_reader
    migrator: shop_migrator
    grants:
      - {to: clerk, privileges: ALL, on: [schema, tables, sequences, functions, types]}
      - {to: guest, privileges: SELECT, columns: {orders: [id]}}
"""
# As someone else, in a schema that belongs to someone else, with an object of every kind.
EVERY_KIND = """
CREATE ROLE stranger; CREATE ROLE other;
GRANT CREATE ON DATABASE "%d" TO stranger;
SET ROLE stranger;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY, n serial, total numeric);
CREATE TABLE shop.parted (day date, i int) PARTITION BY RANGE (day);
CREATE TABLE shop.part PARTITION OF shop.parted DEFAULT;
CREATE VIEW shop.v AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW shop.m AS SELECT 1 AS one;
CREATE SEQUENCE shop.s;
CREATE FUNCTION shop.f(int, VARIADIC text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE shop.p(INOUT i int) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE shop.q(OUT i int, j text) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE shop.a(int) (SFUNC = int4pl, STYPE = int);
CREATE FUNCTION shop.b() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE TYPE shop.mood AS ENUM ('a');
CREATE TYPE shop.pair AS (a int, b int);
CREATE TYPE shop.span AS RANGE (subtype = int4, multirange_type_name = shop.spans);
CREATE DOMAIN shop.d AS int;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO other WITH GRANT OPTION;
GRANT UPDATE (total) ON shop.orders TO other WITH GRANT OPTION;
GRANT ALL ON TYPE shop.span, shop.mood TO other;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA shop TO other;
ALTER DEFAULT PRIVILEGES FOR ROLE stranger IN SCHEMA shop GRANT ALL ON TABLES TO other;
GRANT USAGE ON SCHEMA shop TO other;
SET ROLE other;
GRANT SELECT ON shop.orders TO PUBLIC;
"""
# The constructors of a range belong to the type, and for PostgreSQL to its first superuser.
OWNERS = """
SELECT DISTINCT owner::regrole::text FROM (
    SELECT relowner FROM pg_class WHERE relnamespace = 'shop'::regnamespace
    UNION ALL SELECT proowner FROM pg_proc p WHERE pronamespace = 'shop'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'i')
    UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = 'shop'::regnamespace
    UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'shop'
) everything (owner)
"""
GRANTEES = """
SELECT DISTINCT coalesce(nullif(a.grantee, 0)::regrole::text, 'public') FROM (
    SELECT relacl FROM pg_class WHERE relnamespace = 'shop'::regnamespace
    UNION ALL SELECT attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
              WHERE relnamespace = 'shop'::regnamespace
    UNION ALL SELECT proacl FROM pg_proc p WHERE pronamespace = 'shop'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'i')
    UNION ALL SELECT typacl FROM pg_type WHERE typnamespace = 'shop'::regnamespace
    UNION ALL SELECT defaclacl FROM pg_default_acl
    UNION ALL SELECT nspacl FROM pg_namespace WHERE nspname = 'shop'
) everything (acl), aclexplode(acl) a ORDER BY 1
"""


@pytest.fixture(params=["superuser", "administrator"])
def someone(request: pytest.FixtureRequest, provision: Provisioning) -> Provisioning:
    return provision if request.param == "superuser" else administrator(provision)


def major_of(provision: Provisioning) -> int:
    return provision.database.server.version // 10000


def run_blocked(superuser: Provisioning, admin: Provisioning, spec: str | Path) -> None:
    """What the plan says that someone else must run is all that was missing."""
    blocked = [c.blocked.statement for c in admin.plan(spec).blocked if c.blocked is not None]
    for statement in dict.fromkeys(blocked):
        superuser.query(statement)
    admin.apply(spec)
    assert summaries(admin.plan(spec)) == []


def test_chiro_erp_from_nothing(provision: Provisioning, someone: Provisioning) -> None:
    erp = replace(someone, name="chiro_erp")
    erp.apply(CHIRO_ERP)
    run_blocked(replace(provision, name="chiro_erp"), erp, CHIRO_ERP)


def test_objects_of_every_kind_change_hands(provision: Provisioning, someone: Provisioning) -> None:
    provision.query(EVERY_KIND.replace("%d", provision.name))
    someone.apply(SHOP)
    run_blocked(provision, someone, SHOP)
    assert provision.query(OWNERS) == [("shop_owner",)]
    grantees = {name for (name,) in provision.query(GRANTEES)}
    assert grantees == {"clerk", "guest", "shop_app", "shop_owner", "shop_reader"}


def test_a_drift_is_repaired_by_exactly_what_undoes_it(
    provision: Provisioning, someone: Provisioning
) -> None:
    someone.apply(SHOP.replace("orders", "ord*"))
    provision.query("SET ROLE shop_owner; CREATE TABLE shop.orders (id int, total int)")
    someone.apply(SHOP)
    provision.query("CREATE ROLE hand; GRANT USAGE ON SCHEMA shop TO hand")
    provision.query("SET ROLE shop_owner; GRANT UPDATE (total) ON shop.orders TO shop_reader")
    provision.query("REVOKE INSERT ON shop.orders FROM shop_app; GRANT shop_reader TO hand")
    drifted = someone.plan(SHOP)
    by = " GRANTED BY postgres" if major_of(provision) >= 16 else ""
    shown = {statement.shown for change in drifted.changes for statement in change.statements}
    assert shown >= {
        "REVOKE USAGE ON SCHEMA shop FROM hand",
        "REVOKE UPDATE (total) ON TABLE shop.orders FROM shop_reader",
        "GRANT INSERT ON TABLE shop.orders TO shop_app",
        f"REVOKE shop_reader FROM hand{by}",
    }
    someone.apply(SHOP)
    run_blocked(provision, someone, SHOP)


def test_a_membership_has_options_from_16_on(
    provision: Provisioning, someone: Provisioning
) -> None:
    spec = "roles: {team: {}, m: {member_of: [{role: team, inherit: false, set: false}]}}"
    if major_of(provision) < 16:
        refused = someone.refused(spec)
        assert len(refused) == 1
        assert "has no INHERIT and SET options of a membership" in refused[0]
        spec = "roles: {team: {}, m: {inherit: false, member_of: [{role: team}]}}"
        someone.apply(spec)
        assert provision.value("SELECT pg_has_role('m', 'team', 'USAGE')") is False
        return
    someone.apply(spec)
    assert provision.value("SELECT pg_has_role('m', 'team', 'USAGE')") is False
    assert provision.value("SELECT pg_has_role('m', 'team', 'SET')") is False
    provision.query("GRANT team TO m WITH SET TRUE")
    assert someone.plan(spec).changes
    someone.apply(spec)
    run_blocked(provision, someone, spec)
    assert provision.value("SELECT pg_has_role('m', 'team', 'SET')") is False


def test_memberships_by_several_grantors_are_one_answer(
    provision: Provisioning, someone: Provisioning
) -> None:
    """From 16 on each grantor has a row of its own; up to 15 the last one writes its name over."""
    spec = "roles: {team: {}, boss: {member_of: [{role: team, admin: true}]}, m: {}}"
    someone.apply(spec)
    provision.query("GRANT team TO m; SET ROLE boss; GRANT team TO m WITH ADMIN OPTION")
    someone.apply(spec)
    run_blocked(provision, someone, spec)
    assert provision.value("SELECT pg_has_role('m', 'team', 'MEMBER')") is False
    assert provision.value("SELECT pg_has_role('boss', 'team', 'MEMBER WITH ADMIN OPTION')") is True


def test_a_parameter_can_be_granted_from_15_on(provision: Provisioning) -> None:
    admin = administrator(provision)
    spec = """
        roles: {clerk: {login: true, settings: {log_min_duration_statement: 5s, work_mem: 8MB}}}
        """
    plan = admin.plan(spec)
    (blocked,) = [c.blocked for c in plan.blocked]
    assert blocked is not None
    grant = 'GRANT SET ON PARAMETER log_min_duration_statement TO "ordinary admin"'
    if major_of(provision) < 15:
        assert "superuser before PostgreSQL 15" in blocked.reason
        assert blocked.statement.startswith("ALTER ROLE clerk IN DATABASE")
    else:
        assert blocked.statement == grant
    admin.apply(spec)
    run_blocked(provision, admin, spec)


def test_the_schema_public_of_an_old_database_is_closed(
    provision: Provisioning, someone: Provisioning
) -> None:
    """As 14 makes it, and every later version keeps it after pg_upgrade."""
    provision.query("ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO PUBLIC")
    spec = "services: {shop: {schema: shop, owner: shop_owner}}"
    someone.apply(spec)
    blocked = [c.blocked.statement for c in someone.plan(spec).blocked if c.blocked]
    expected = [] if someone is provision else ["REVOKE CREATE ON SCHEMA public FROM PUBLIC"]
    assert blocked == expected
    run_blocked(provision, someone, spec)
    assert provision.value("SELECT has_schema_privilege('shop_owner', 'public', 'CREATE')") is False


def test_a_role_that_is_dropped_takes_its_privileges_along(
    provision: Provisioning, someone: Provisioning
) -> None:
    someone.apply(SHOP.replace("orders", "ord*"))
    provision.query(
        "CREATE TABLE shop.orders (id int); ALTER TABLE shop.orders OWNER TO clerk;"
        "ALTER DEFAULT PRIVILEGES FOR ROLE clerk GRANT SELECT ON TABLES TO guest;"
        "GRANT shop_reader TO clerk"
    )
    gone = """
        roles: {clerk: {state: absent, reassign_to: shop_owner}, guest: {}}
        services: {shop: {schema: shop, owner: shop_owner}}
        """
    someone.apply(gone)
    run_blocked(provision, someone, gone)
    assert provision.value("SELECT to_regrole('clerk') IS NULL") is True
    assert provision.query(OWNERS) == [("shop_owner",)]
