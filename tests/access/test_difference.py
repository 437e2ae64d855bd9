"""What a plan changes in access: by groups, PUBLIC and ownership, each told once."""

from __future__ import annotations

from dataclasses import replace

from chiro_db.apply.planning import plan
from chiro_db.model.acl import Grantee
from chiro_db.model.turn import Turns
from chiro_db.report.turns import by_role, rows
from tests.provisioning import Provisioning

SPEC = """
roles: {reporting: {}, analyst: {login: true, member_of: [reporting]}, boss: {superuser: true}}
services:
  shop:
    schema: shop
    owner: shop_owner
    grants: [{to: reporting, level: read}]
"""
GIVEN = """
CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, note text); CREATE TABLE shop.items ();
CREATE ROLE reporting; CREATE ROLE analyst LOGIN; CREATE ROLE intruder LOGIN;
CREATE ROLE boss LOGIN;
GRANT SELECT ON shop.orders TO PUBLIC; GRANT SELECT, UPDATE ON shop.orders TO intruder;
GRANT SELECT (note) ON shop.orders TO boss; GRANT pg_read_all_data TO reporting;
"""


def told(turns: Turns) -> dict[Grantee, list[str]]:
    return {
        role: [
            *notes,
            *(f"{sign} {words}".replace(" + MAINTAIN", "") for sign, words in rows(changes)),
        ]
        for role, (notes, changes) in by_role(turns).items()
    }


def test_each_role_is_told_what_it_gains_and_loses(provision: Provisioning) -> None:
    provision.query(GIVEN)
    made = plan(replace(provision.job(SPEC), access=True))
    assert made.access is not None
    found = told(made.access)
    assert found == {
        None: ["- database: TEMPORARY + CONNECT", "- shop: SELECT on table orders"],
        "analyst": [
            "+ shop: USAGE, SELECT on table items and future tables, SELECT on future sequences"
        ],
        "boss": ["may no longer log in", "becomes a superuser: may do everything"],
        "intruder": ["- shop: SELECT + UPDATE on table orders"],
        "reporting": [
            "loses what pg_read_all_data may do everywhere",
        ],
        "shop_owner": [
            "is new",
            "+ shop: USAGE + CREATE, ALL on table items,"
            " INSERT + UPDATE + DELETE + TRUNCATE + REFERENCES + TRIGGER on table orders",
        ],
    }


def test_a_plan_without_changes_changes_nobodys_access(provision: Provisioning) -> None:
    provision.apply(SPEC)
    assert plan(replace(provision.job(SPEC), access=True)).access == Turns()


def test_what_is_blocked_is_left_out(provision: Provisioning) -> None:
    """The plan of one who may not: nobody gains what will not be granted."""
    provision.query("CREATE ROLE weak LOGIN PASSWORD 'w'; CREATE ROLE r; CREATE SCHEMA s")
    provision.query("CREATE TABLE s.t (i int)")
    spec = "services: {s: {schema: s, owner: o, grants: [{to: r, level: read}]}}\nroles: {r: {}}"
    made = plan(replace(provision.connected_as("weak", "w").job(spec), access=True))
    assert made.blocked
    assert made.access is not None
    assert "r" not in told(made.access)
