"""Assertions about effective access: by whatever way a role comes to a privilege."""

from __future__ import annotations

import pytest

from tests.provisioning import Provisioning

SPEC = """
roles: {{clerk: {{login: true, member_of: [{groups}]}}, writers: {{}}}}
services:
  shop: {{schema: shop, owner: shop_owner, migrator: shop_migrator, grants: [{grants}]}}
policies: {{mine: {{severity: {severity}, {rule}}}}}
"""
THINGS = (
    "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, note text); CREATE TABLE shop.items ()"
)
WRITE = 'deny: {privileges: UPDATE, on: "shop.*", except: [shop_owner, shop_migrator]}'
DENIED = {
    "a grant": ("{to: clerk, privileges: UPDATE, tables: orders}", "", "clerk", "shop.orders"),
    "a column": (
        "{to: clerk, privileges: UPDATE, columns: {orders: [note]}}",
        "",
        "clerk",
        "shop.orders(note)",
    ),
    "a group": (
        "{to: writers, privileges: UPDATE, tables: orders}",
        "writers",
        "clerk",
        "shop.orders",
    ),
    "PUBLIC": ("{to: public, privileges: UPDATE, tables: orders}", "", "PUBLIC", "shop.orders"),
    "ownership": ("", "shop_owner", "clerk", "shop.items, shop.orders"),
    "a predefined role": ("", "pg_write_all_data", "clerk", "shop.items, shop.orders"),
    "what will be made": (
        "{to: clerk, privileges: UPDATE, on: tables, cover: future}",
        "",
        "clerk",
        "future tables of shop_owner",
    ),
}


def spec(rule: str, grants: str = "", groups: str = "", severity: str = "error") -> str:
    return SPEC.format(rule=rule, grants=grants, groups=groups, severity=severity)


def broken(provision: Provisioning, text: str) -> list[str]:
    return [found.message for found in provision.plan(text).breaches]


@pytest.mark.parametrize("way", DENIED)
def test_a_denied_privilege_is_found_by_every_way(way: str, provision: Provisioning) -> None:
    provision.query(THINGS)
    grants, groups, who, what = DENIED[way]
    found = broken(provision, spec(WRITE, grants, groups))
    assert f"policy `mine`: {who} has UPDATE on {what}" in found
    assert broken(provision, spec(WRITE)) == []


def test_what_is_reached_by_set_role_alone_is_denied(provision: Provisioning) -> None:
    provision.query(THINGS)
    climber = SPEC.replace("login: true", "login: true, inherit: false")

    def of(groups: str, rule: str) -> list[str]:
        text = climber.format(rule=rule, grants="", groups=groups, severity="error")
        return broken(provision, text)

    assert of("shop_owner", WRITE) == [
        "policy `mine`: clerk has UPDATE on shop.items, shop.orders by SET ROLE shop_owner"
    ]
    assert of("writers", WRITE) == []
    require = 'require: {privileges: UPDATE, on: "shop.*", to: clerk}'
    assert "clerk lacks UPDATE on shop.items" in of("shop_owner", require)[0]
    provision.query("CREATE ROLE boss SUPERUSER; CREATE ROLE deputy NOINHERIT IN ROLE boss")
    provision.query("CREATE ROLE maid LOGIN NOINHERIT IN ROLE deputy")
    assert of("", WRITE) == [
        f"policy `mine`: {who} has UPDATE on shop.items, shop.orders by SET ROLE boss"
        for who in ("deputy", "maid")
    ]


def test_what_the_plan_mends_is_no_breach_and_what_it_leaves_is(provision: Provisioning) -> None:
    provision.query(THINGS + "; CREATE ROLE intruder; GRANT UPDATE ON shop.orders TO intruder")
    assert broken(provision, spec(WRITE)) == []
    additive = "enforce: additive\n" + spec(WRITE)
    assert broken(provision, additive) == ["policy `mine`: intruder has UPDATE on shop.orders"]
    assert broken(provision, additive.replace("error", "off")) == []


ADDITIVE = "enforce: additive\n" + SPEC.replace(
    "shop_migrator,", "shop_migrator, creators: [maker],"
).replace("writers: {{}}", "writers: {{}}, maker: {{login: true}}")
TO_BE_MADE = {
    "the owner's": ("shop_owner", "UPDATE", "TABLES", "future tables of shop_owner"),
    "a creator's": ("maker", "UPDATE", "TABLES", "future tables of maker"),
    "functions": ("shop_owner", "EXECUTE", "FUNCTIONS", "future functions of shop_owner"),
}


@pytest.mark.parametrize("case", TO_BE_MADE)
def test_defaults_for_all_schemas_count_where_their_maker_makes(
    case: str, provision: Provisioning
) -> None:
    provision.query(THINGS + "; CREATE ROLE late; CREATE ROLE elsewhere")
    maker, privilege, objects, shown = TO_BE_MADE[case]
    rule = f'deny: {{privileges: {privilege}, on: "shop.*", except: ["shop_*", maker]}}'
    text = ADDITIVE.format(rule=rule, grants="", groups="", severity="error")
    provision.apply(text.replace("enforce: additive", "", 1))
    assert broken(provision, text) == []
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {{}} GRANT {privilege} ON {objects} TO late"
    provision.query(defaults.format("elsewhere"))
    assert broken(provision, text) == []
    provision.query(defaults.format(maker))
    assert broken(provision, text) == [f"policy `mine`: late has {privilege} on {shown}"]
    assert broken(provision, text.replace("enforce: additive", "", 1)) == []


def test_what_postgresql_gives_public_on_new_functions_is_denied_too(
    provision: Provisioning,
) -> None:
    provision.query(THINGS + "; CREATE ROLE shop_owner; ALTER SCHEMA shop OWNER TO shop_owner")
    rule = 'deny: {privileges: ALL, on: "shop.*", to: public}'
    text = ADDITIVE.format(rule=rule, grants="", groups="", severity="error")
    (found,) = broken(provision, text)
    assert found.startswith("policy `mine`: PUBLIC has EXECUTE on future functions of ")
    assert broken(provision, text.replace("enforce: additive", "", 1)) == []


def test_superusers_and_ignored_roles_are_exempt(provision: Provisioning) -> None:
    provision.query(THINGS + "; CREATE ROLE rds_thing; CREATE ROLE boss SUPERUSER")
    provision.query("GRANT UPDATE ON shop.orders TO rds_thing, boss")
    assert broken(provision, spec(WRITE) + "ignore: {roles: 'rds*'}\n") == []


def test_a_breach_names_its_place_and_its_reason(provision: Provisioning) -> None:
    provision.query(THINGS)
    text = spec(f"reason: Because, {WRITE}", "{to: clerk, privileges: UPDATE, tables: orders}")
    (found,) = provision.plan(text).breaches
    assert found.message == "policy `mine`: clerk has UPDATE on shop.orders (Because)"
    assert found.evidence == "granted by shop_owner"
    lines = (provision.folder / "spec.yaml").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if text.startswith("policies"))
    assert found.place is not None
    assert found.place.endswith(f"spec.yaml:{line}")


READ = 'require: {privileges: SELECT, on: "shop.*", to: [clerk]}'


def test_what_is_required_has_to_be_held_and_reached(provision: Provisioning) -> None:
    provision.query(THINGS)
    assert broken(provision, spec(READ)) == [
        "policy `mine`: clerk lacks SELECT on shop.items, shop.orders",
        "policy `mine`: clerk lacks USAGE on schema shop",
    ]
    part = spec(READ, "{to: clerk, privileges: SELECT, tables: items}")
    assert broken(provision, part) == ["policy `mine`: clerk lacks SELECT on shop.orders"]
    for grants, groups in (
        ("{to: clerk, level: read}", ""),
        ("{to: writers, level: read}", "writers"),
        ("", "pg_read_all_data"),
    ):
        assert broken(provision, spec(READ, grants, groups)) == []
