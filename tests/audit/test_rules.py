"""Each rule finds what it says, and nothing once that is mended."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chiro_db.audit.rules import RULES
from chiro_db.audit.run import Audited, audit
from chiro_db.model.rules import AUDIT_RULES
from tests.provisioning import Provisioning

DOCS = Path(__file__).parents[2] / "docs" / "rules"
SPEC = """
roles: {{bi: {{}}}}
services:
  shop: {{schema: shop, owner: shop_owner, grants: [{grants}]}}
policies: {{login-never-expires: {{severity: warning}}, {policies}}}
"""
THINGS = "SET ROLE shop_owner; CREATE TABLE shop.orders (id int PRIMARY KEY); RESET ROLE;"
MADE = {
    "definer-without-search-path": (
        "CREATE FUNCTION shop.f(int) RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';"
        "CREATE FUNCTION shop.g() RETURNS int SECURITY DEFINER SET search_path = shop"
        " LANGUAGE sql AS 'SELECT 1'",
        ["shop.f(integer)"],
    ),
    "expired-login": ("CREATE ROLE old LOGIN VALID UNTIL '2020-01-01'", ["old"]),
    "login-never-expires": (
        "CREATE ROLE forever LOGIN; CREATE ROLE ends LOGIN VALID UNTIL '2099-01-01'",
        ["forever", "shop_owner"],
    ),
    "privileged-login": (
        "CREATE ROLE etl LOGIN BYPASSRLS; CREATE ROLE no_login CREATEROLE",
        ["etl"],
    ),
    "public-access": (
        "CREATE SCHEMA other; CREATE TABLE other.t (i int); GRANT SELECT ON other.t TO PUBLIC",
        ["other.table.SELECT"],
    ),
    "public-create": ("CREATE SCHEMA other; GRANT CREATE ON SCHEMA other TO PUBLIC", ["other"]),
    "row-security-bypassed": (
        "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY",
        ["shop.orders"],
    ),
    "superuser-login": (
        "CREATE ROLE boss SUPERUSER LOGIN; CREATE ROLE quiet SUPERUSER",
        ["boss"],
    ),
    "table-without-primary-key": ("CREATE TABLE shop.notes (t text)", ["shop.notes"]),
    "undeclared-login": (
        'CREATE ROLE stranger LOGIN; GRANT CONNECT ON DATABASE "DATABASE" TO stranger;'
        "CREATE ROLE harmless LOGIN",
        ["stranger"],
    ),
    "undeclared-owner": (
        "CREATE ROLE stranger; CREATE SCHEMA other AUTHORIZATION stranger",
        ["other.stranger"],
    ),
}
ELSEWHERE = {"md5-password", "grant-expiring", "weak-server-setting"}  # have tests of their own


def seen(provision: Provisioning, grants: str = "", policies: str = "") -> Audited:
    return audit(provision.job(SPEC.format(grants=grants, policies=policies)))


def subjects(found: Audited, rule: str) -> list[str]:
    return [finding.subject for finding in found.findings if finding.rule == rule]


def prepared(provision: Provisioning) -> None:
    provision.apply(SPEC.format(grants="", policies=""))
    provision.query(THINGS)


def test_whose_connect_it_is(provision: Provisioning) -> None:
    """A REVOKE from the role itself would do nothing where PUBLIC or a group connects."""
    prepared(provision)
    provision.query(
        "CREATE ROLE club; CREATE ROLE member LOGIN IN ROLE club; CREATE ROLE passer LOGIN;"
        f'GRANT CONNECT ON DATABASE "{provision.name}" TO PUBLIC, club'
    )
    fixes = {f.subject: f.fix for f in seen(provision).findings if f.rule == "undeclared-login"}
    assert " FROM club, PUBLIC; or declare" in fixes["member"]
    assert " FROM PUBLIC; or declare" in fixes["passer"]


def test_every_rule_has_its_page_its_name_and_its_test() -> None:
    slugs = [rule.SLUG for rule in RULES]
    assert tuple(slugs) == AUDIT_RULES
    assert MADE.keys() | ELSEWHERE == set(slugs)
    assert {page.stem for page in DOCS.glob("*.md")} - {"README"} == {
        *slugs,
        "policy-deny",
        "policy-require",
    }
    for rule in RULES:
        page = (DOCS / f"{rule.SLUG}.md").read_text(encoding="utf-8")
        assert f"Severity: {rule.SEVERITY}," in page, rule.SLUG
        assert f"[`{rule.SLUG}`]({rule.SLUG}.md) | {rule.SEVERITY} |" in (
            DOCS / "README.md"
        ).read_text(encoding="utf-8")


def test_what_is_as_declared_has_no_findings(provision: Provisioning) -> None:
    prepared(provision)
    found = seen(provision)
    left = {f.rule for f in found.findings} - {"weak-server-setting", "login-never-expires"}
    assert left == set()
    assert not found.failed


@pytest.mark.parametrize("rule", MADE)
def test_a_rule_finds_what_it_says_until_it_is_mended(rule: str, provision: Provisioning) -> None:
    prepared(provision)
    script, expected = MADE[rule]
    provision.query(script.replace('DATABASE"', f'{provision.name}"'))
    found = seen(provision)
    assert subjects(found, rule) == expected
    for finding in found.findings:
        if finding.rule == rule and finding.fix.endswith(";") and "..." not in finding.fix:
            provision.query(finding.fix)
            assert finding.subject not in subjects(seen(provision), rule), finding.fix
    off = f"{rule}: {{severity: off}}" if rule != "login-never-expires" else ""
    if off:
        assert subjects(seen(provision, policies=off), rule) == []


def test_an_md5_password_is_found(provision: Provisioning) -> None:
    prepared(provision)
    provision.query(f"ALTER ROLE shop_owner PASSWORD 'md5{'0' * 32}'")
    found = seen(provision)
    assert subjects(found, "md5-password") == ["shop_owner"]
    assert found.failed


def test_who_may_not_read_passwords_is_told_so(provision: Provisioning) -> None:
    prepared(provision)
    provision.query("CREATE ROLE auditor LOGIN PASSWORD 'a'")
    provision.query(f'GRANT CONNECT ON DATABASE "{provision.name}" TO auditor')
    found = seen(provision.connected_as("auditor", "a"))
    assert found.notes == ("md5-password: only a superuser can tell",)


def test_a_grant_that_ends_is_found_with_its_place(provision: Provisioning) -> None:
    prepared(provision)
    provision.today = date(2027, 1, 15)
    grants = "{to: bi, level: read, until: 2027-02-01}, {to: bi, level: read, until: 2028-01-01}"
    found = seen(provision, grants)
    (finding,) = [f for f in found.findings if f.rule == "grant-expiring"]
    assert finding.message == "the grant to bi ends on 2027-02-01"
    assert finding.place is not None


def test_a_weak_setting_of_the_server_is_found(provision: Provisioning) -> None:
    prepared(provision)
    weak = provision.query(
        "SELECT name FROM pg_settings WHERE (name, setting) IN (('ssl', 'off'),"
        " ('password_encryption', 'md5'), ('row_security', 'off'), ('log_connections', 'off'))"
        " ORDER BY 1"
    )
    assert subjects(seen(provision), "weak-server-setting") == [row[0] for row in weak]


def test_the_policies_hold_for_what_is_there(provision: Provisioning) -> None:
    prepared(provision)
    policy = 'mine: {deny: {privileges: SELECT, on: "shop.*", except: shop_owner}}'
    assert subjects(seen(provision, policies=policy), "policy-deny") == []
    provision.query("CREATE ROLE x; GRANT SELECT ON shop.orders TO x")
    found = seen(provision, policies=policy)
    assert subjects(found, "policy-deny") == ["mine/x"]
    assert found.failed
