"""Effective access is what PostgreSQL says it is, for every role and object."""

from __future__ import annotations

import pytest

from chiro_db.access.effective import held
from chiro_db.access.world import World, world
from chiro_db.kinds.scope import Request
from tests.access.asking import disagreements, state_of
from tests.provisioning import Provisioning

SPEC = """
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app, reader: shop_reader}
  till: {schema: till, owner: till_owner}
"""
THINGS = """
CREATE SCHEMA shop; CREATE SCHEMA till;
CREATE TABLE shop.orders (id serial PRIMARY KEY, note text, "odd ""one" int);
CREATE TABLE shop."Odd ""table" (i int);
CREATE VIEW shop.v AS SELECT 1 AS one;
CREATE FUNCTION shop.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE shop.p() LANGUAGE sql AS '';
CREATE TYPE shop.mood AS ENUM ('a');
CREATE DOMAIN till.small AS int;
CREATE TABLE till.receipts (id int, total int);
CREATE ROLE auditors; CREATE ROLE clerk LOGIN; CREATE ROLE lazy LOGIN NOINHERIT;
CREATE ROLE boss SUPERUSER; CREATE ROLE "Odd ""role" LOGIN; CREATE ROLE deep LOGIN;
"""
BY_HAND = {
    "as it was made": "",
    "grants to groups of groups": (
        "GRANT SELECT ON shop.orders TO auditors; GRANT auditors TO clerk, lazy;GRANT clerk TO deep"
    ),
    "a member of the owner": 'GRANT shop_owner TO clerk, lazy; GRANT clerk TO "Odd ""role"',
    "a member of a superuser": "GRANT boss TO clerk",
    "PUBLIC": (
        "GRANT SELECT ON shop.orders TO PUBLIC; GRANT INSERT (note) ON shop.orders TO PUBLIC;"
        "GRANT EXECUTE ON FUNCTION shop.f(int, text) TO PUBLIC; REVOKE USAGE ON TYPE shop.mood"
        " FROM PUBLIC"
    ),
    "predefined roles": (
        "GRANT pg_read_all_data TO clerk, lazy; GRANT pg_write_all_data TO auditors;"
        "GRANT auditors TO deep"
    ),
    "grant options, and what was granted with them": (
        "GRANT SELECT, UPDATE ON shop.orders TO clerk WITH GRANT OPTION;"
        "GRANT USAGE ON SCHEMA shop TO clerk; SET ROLE clerk;"
        "GRANT SELECT ON shop.orders TO lazy; GRANT UPDATE ON shop.orders TO auditors;"
        "RESET ROLE; GRANT clerk TO deep"
    ),
    "an owner who revoked his own": (
        "REVOKE ALL ON shop.orders FROM shop_owner; GRANT shop_owner TO clerk"
    ),
    "columns": (
        'GRANT SELECT (id, "odd ""one"), UPDATE (note) ON shop.orders TO clerk;'
        "GRANT UPDATE (total) ON till.receipts TO auditors WITH GRANT OPTION;"
        "GRANT auditors TO deep"
    ),
    "nothing left on the schema": (
        "REVOKE ALL ON SCHEMA shop FROM shop_app; GRANT CREATE ON SCHEMA shop TO clerk;"
        "GRANT pg_read_all_data TO deep"
    ),
    "a database with an owner of its own": (
        "ALTER DATABASE DATABASE OWNER TO clerk; GRANT clerk TO deep;"
        "ALTER TABLE shop.v OWNER TO pg_database_owner"
    ),
    "the database of one who does not inherit": (
        "ALTER DATABASE DATABASE OWNER TO lazy; ALTER TABLE shop.v OWNER TO pg_database_owner;"
        "GRANT lazy TO deep"
    ),
}
FROM_16 = {
    "memberships that do not inherit": (
        "GRANT SELECT ON shop.orders TO auditors; GRANT auditors TO clerk WITH INHERIT FALSE;"
        "GRANT auditors TO lazy WITH INHERIT TRUE; GRANT shop_owner TO deep WITH INHERIT FALSE"
    ),
}
FROM_17 = {
    "MAINTAIN": "GRANT MAINTAIN ON shop.orders TO clerk; GRANT pg_maintain TO deep",
}


def made(provision: Provisioning, script: str) -> World:
    provision.query(THINGS)
    provision.apply(SPEC)
    with provision.database.connect() as connection:
        connection.execute(
            script.replace("DATABASE DATABASE", f'DATABASE "{provision.name}"').encode()
        )
        spec = provision.job(SPEC).loaded.spec
        return world(state_of(connection, spec), Request(spec).makers)


@pytest.mark.every_version
@pytest.mark.parametrize("name", [*BY_HAND, *FROM_16, *FROM_17])
def test_it_is_what_the_server_says(name: str, provision: Provisioning) -> None:
    version = provision.database.server.version
    if (name in FROM_16 and version < 160000) or (name in FROM_17 and version < 170000):
        pytest.skip("its privileges or options came with a later version")
    found = made(provision, {**BY_HAND, **FROM_16, **FROM_17}[name])
    with provision.database.connect() as connection:
        assert disagreements(connection, found) == []


def test_a_change_behind_its_back_is_noticed(provision: Provisioning) -> None:
    """The comparison can fail: both ways."""
    found = made(provision, "GRANT SELECT ON shop.orders TO auditors")
    with provision.database.connect() as connection:
        connection.execute("REVOKE SELECT ON shop.orders FROM auditors")
        connection.execute("GRANT auditors TO clerk; GRANT INSERT ON shop.orders TO auditors")
        lines = disagreements(connection, found)
    assert lines == [
        "no INSERT for 'auditors' on shop.orders",
        "too much SELECT for 'auditors' on shop.orders",
        "no INSERT for 'clerk' on shop.orders",
    ]


def test_each_privilege_has_its_reasons(provision: Provisioning) -> None:
    found = made(
        provision,
        "GRANT SELECT ON shop.orders TO auditors, PUBLIC; GRANT auditors TO clerk;"
        "GRANT pg_read_all_data TO clerk; GRANT clerk TO deep",
    )
    orders = next(g for g in found.groups if g.type == "table" and ("orders", None) in g.objects)
    reasons = held(found, "deep", orders)["SELECT"]
    owner = orders.owner
    assert [(r.how, r.path, r.grantor) for r in reasons] == [
        ("grant", ("deep", "clerk", "auditors"), owner),
        ("public", (), owner),
        ("predefined", ("deep", "clerk", "pg_read_all_data"), ""),
    ]
    assert [r.how for r in held(found, "boss", orders)["DELETE"]] == ["superuser"]
    assert list(held(found, None, orders)) == ["SELECT"]


def test_a_missing_usage_on_the_schema_is_told(provision: Provisioning) -> None:
    found = made(provision, "GRANT SELECT ON shop.orders TO clerk; GRANT boss TO lazy")
    assert not found.usable("clerk", "shop")
    assert not found.usable(None, "shop")
    assert found.usable("shop_app", "shop")
    assert found.usable("boss", "shop")
    assert not found.usable("lazy", "shop")
