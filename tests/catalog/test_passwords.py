"""Passwords: made into verifiers here, compared without a change, shown nowhere."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import psycopg
import pytest

from chiro_db.catalog.passwords import matches
from chiro_db.model.secret import Secret
from chiro_db.plan.saved import dumps
from tests.provisioning import Provisioning, administrator, statements

SPEC = 'roles: {app: {login: true, password: "${env:APP_PASSWORD}"}}'


def verifier(provision: Provisioning) -> str:
    return str(provision.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'"))


def logs_in(provision: Provisioning, password: str) -> bool:
    try:
        provision.database.server.connect(user="app", password=password).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize(
    "password",
    [
        "plain",
        'it\'s \\ "quoted" $1 %s',
        " spaces ",
        "pässwörd",
        "a\u0308 decomposed",  # NFKC composes it
        "\u00a0no-break\u2003space",  # mapped to a space
        "soft\u00adhyphen",  # mapped to nothing
        "\u2168",  # ROMAN NUMERAL NINE becomes IX
        "\u0627\u0644\u0633\u0631",  # right to left
        "\u06271",  # right to left, but ends with a digit: forbidden, used as it is
        "bell\u0007 é",  # a control character: forbidden, used as it is
        "\u00ad",  # nothing is left
        "日本語",
        "🔑",
    ],
)
def test_the_declared_password_logs_in(provision: Provisioning, password: str) -> None:
    provision.secrets = {"app": password}
    provision.apply(SPEC)
    assert verifier(provision).startswith("SCRAM-SHA-256$4096:")
    assert logs_in(provision, password)
    assert not logs_in(provision, password + "x")
    before = verifier(provision)
    assert not provision.plan(SPEC).changes
    provision.apply(SPEC)
    assert verifier(provision) == before


def test_what_the_server_made_itself_is_known_again(provision: Provisioning) -> None:
    for password in ("plain", "a\u0308", "\u2168", "\u06271", "soft\u00adhyphen"):
        provision.query("DROP ROLE IF EXISTS app")
        provision.query(f"CREATE ROLE app LOGIN PASSWORD '{password}'")
        assert matches(verifier(provision), Secret(password))
        assert not matches(verifier(provision), Secret(password + "x"))


def test_another_password_is_one_change(provision: Provisioning) -> None:
    provision.secrets = {"app": "old"}
    provision.apply(SPEC)
    provision.secrets = {"app": "new"}
    assert statements(provision.plan(SPEC)) == ["ALTER ROLE app PASSWORD '***'"]
    provision.apply(SPEC)
    assert (logs_in(provision, "old"), logs_in(provision, "new")) == (False, True)
    provision.query("ALTER ROLE app PASSWORD NULL")
    provision.apply(SPEC)
    assert logs_in(provision, "new")


def test_md5_is_upgraded(provision: Provisioning) -> None:
    digest = hashlib.md5(b"pwapp", usedforsecurity=False).hexdigest()
    provision.query(f"CREATE ROLE app LOGIN PASSWORD 'md5{digest}'")
    provision.secrets = {"app": "pw"}
    provision.apply(SPEC)
    assert verifier(provision).startswith("SCRAM-SHA-256$")
    assert logs_in(provision, "pw")


def test_a_password_that_the_spec_does_not_say_is_left(provision: Provisioning) -> None:
    provision.query("CREATE ROLE app LOGIN PASSWORD 'by hand'")
    provision.apply("roles: {app: {login: true}}")
    assert logs_in(provision, "by hand")


def test_the_plaintext_is_nowhere(provision: Provisioning) -> None:
    secret = "correct-horse-battery"
    me = provision.value("SELECT current_user::text")
    provision.query(f'ALTER ROLE "{me}" IN DATABASE "{provision.name}" SET log_statement = \'all\'')
    provision.secrets = {"app": secret}
    plan = provision.plan(SPEC, for_saving=True)
    provision.run(SPEC, plan)
    provision.secrets = {"app": secret + "2"}
    again = provision.plan(SPEC, for_saving=True)
    provision.run(SPEC, again)
    for value in (plan, again):
        assert secret not in repr(value)
        assert secret not in dumps(value)
        assert "SCRAM" not in dumps(value)
        assert any("PASSWORD '***'" in text for text in statements(value))
    assert secret not in repr(provision.job(SPEC))
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s"
    assert provision.value(query, f"%{secret}%") <= 1  # this query itself


def test_the_password_of_the_connection_is_not_shown() -> None:
    from chiro_db.catalog.connect import where

    to = where("postgresql://admin:hush@localhost/db", "db")
    assert "hush" not in repr(to) + str(to)


@pytest.fixture
def admin(provision: Provisioning) -> Provisioning:
    return administrator(provision, "admin")


def password_changes(provision: Provisioning) -> list[str]:
    return [s for s in statements(provision.plan(SPEC)) if "PASSWORD" in s]


def test_where_verifiers_cannot_be_read_a_login_decides(
    provision: Provisioning, admin: Provisioning
) -> None:
    if not _asks_for_passwords(provision):
        pytest.skip("the server lets every role in without a password")
    admin = replace(admin, secrets={"app": "one"})
    admin.apply(SPEC)
    before = verifier(provision)
    assert password_changes(admin) == []
    admin = replace(admin, secrets={"app": "two"})
    assert password_changes(admin) == ["ALTER ROLE app PASSWORD '***'"]
    admin.apply(SPEC)
    assert verifier(provision) != before
    assert logs_in(provision, "two")
    assert password_changes(admin) == []


def test_a_right_password_that_is_refused_for_another_reason(
    provision: Provisioning, admin: Provisioning
) -> None:
    if not _asks_for_passwords(provision):
        pytest.skip("the server lets every role in without a password")
    admin = replace(admin, secrets={"app": "one"})
    admin.apply(SPEC)
    provision.query("ALTER ROLE app CONNECTION LIMIT 0")
    assert password_changes(admin) == []
    assert password_changes(replace(admin, secrets={"app": "two"})) != []


@pytest.mark.parametrize("attribute", ["VALID UNTIL '2020-01-01'", "NOLOGIN"])
def test_a_role_that_nobody_can_log_in_as(
    provision: Provisioning, admin: Provisioning, attribute: str
) -> None:
    """It cannot be told, and is not a change on every plan."""
    admin = replace(admin, secrets={"app": "one"})
    admin.apply(SPEC)
    provision.query(f"ALTER ROLE app {attribute}")
    plan = admin.plan(SPEC)
    assert not plan.new_passwords
    assert any("`app`" in warning for warning in plan.warnings)


def _asks_for_passwords(provision: Provisioning) -> bool:
    provision.query("CREATE ROLE probe LOGIN PASSWORD 'right'")
    try:
        provision.database.connect(user="probe", password="wrong").close()
    except psycopg.OperationalError:
        return True
    return False
