"""Memberships: exactly those declared, with their options, whoever granted them."""

from __future__ import annotations

import pytest

from tests.provisioning import Provisioning, administrator, summaries

Row = tuple[str, str, bool, bool, bool]


def rows(provision: Provisioning, *, options: bool = True) -> set[tuple[object, ...]]:
    """Role, member, and from 16 on ADMIN, INHERIT and SET; the server's own are left out."""
    columns = "a.roleid::regrole::text, a.member::regrole::text, a.admin_option"
    if options and provision.database.server.version >= 160000:
        columns += ", a.inherit_option, a.set_option"
    query = f"SELECT {columns} FROM pg_auth_members a WHERE a.roleid > 16384 OR a.member > 16384"
    return set(provision.query(query))


@pytest.fixture
def new_enough(provision: Provisioning) -> None:
    if provision.database.server.version < 160000:
        pytest.skip("memberships have no options before 16")


GROUPS = "roles: {g: {}, h: {}, m: {login: true, member_of: [g]}, n: {}}"


def test_exactly_those_declared(provision: Provisioning) -> None:
    provision.apply(GROUPS)
    assert rows(provision, options=False) == {("g", "m", False)}
    provision.query("CREATE ROLE stranger; CREATE ROLE club")
    provision.query(
        "GRANT g TO n; GRANT h TO stranger; GRANT pg_read_all_data TO n; REVOKE g FROM m"
    )
    provision.query("GRANT club TO m, stranger")  # nobody's business
    provision.apply(GROUPS)
    assert rows(provision, options=False) == {
        ("g", "m", False), ("club", "m", False), ("club", "stranger", False)
    }  # fmt: skip


def test_who_is_exempt(provision: Provisioning) -> None:
    spec = "ignore: {roles: ['rds*']}\nroles: {g: {}}\ndatabase: {name: DATABASE, owner: boss}"
    provision.query("CREATE ROLE boss; CREATE ROLE root2 SUPERUSER; CREATE ROLE rdsadmin")
    provision.query("CREATE ROLE g; GRANT g TO boss, root2, rdsadmin")
    provision.apply(spec)
    assert {member for _, member, _ in rows(provision, options=False)} == {
        "boss", "root2", "rdsadmin"
    }  # fmt: skip


def test_a_member_of_the_owner_of_the_database_is_an_extra(provision: Provisioning) -> None:
    provision.query("CREATE ROLE boss; CREATE ROLE stranger; GRANT boss TO stranger")
    provision.apply("database: {name: DATABASE, owner: boss}")
    assert not rows(provision)


@pytest.mark.usefixtures("new_enough")
@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("{role: g}", (False, True, True)),
        ("{role: g, inherit: false}", (False, False, True)),
        ("{role: g, set: false}", (False, True, False)),
        ("{role: g, admin: true}", (True, True, True)),
        ("{role: g, admin: true, inherit: false, set: false}", (True, False, False)),
    ],
)
@pytest.mark.parametrize("before", ["", "ADMIN TRUE", "INHERIT FALSE, SET FALSE"])
def test_options(
    provision: Provisioning, written: str, options: tuple[bool, bool, bool], before: str
) -> None:
    provision.query("CREATE ROLE g; CREATE ROLE m")
    if before:
        provision.query(f"GRANT g TO m WITH {before}")
    provision.apply(f"roles: {{g: {{}}, m: {{member_of: [{written}]}}}}")
    assert rows(provision) == {("g", "m", *options)}


@pytest.mark.usefixtures("new_enough")
def test_rows_of_several_grantors(provision: Provisioning) -> None:
    """Together they must give what is declared and nothing more."""
    provision.query(
        "CREATE ROLE g; CREATE ROLE m; CREATE ROLE a1 SUPERUSER; CREATE ROLE a2;"
        "GRANT g TO a2 WITH ADMIN TRUE; GRANT g TO m WITH INHERIT FALSE;"
        "SET ROLE a2; GRANT g TO m WITH ADMIN TRUE, INHERIT TRUE; RESET ROLE"
    )
    provision.query("CREATE ROLE deep; SET ROLE m; GRANT g TO deep WITH ADMIN TRUE")
    spec = """
        roles:
          g: {}
          m: {member_of: [g]}
          a2: {member_of: [{role: g, admin: true}]}
        """
    provision.apply(spec)
    can = "SELECT pg_has_role('m', 'g', %s)"
    assert provision.value(can, "USAGE") is True
    assert provision.value(can, "MEMBER WITH ADMIN OPTION") is False
    assert provision.value("SELECT pg_has_role('deep', 'g', 'MEMBER')") is False
    provision.apply(spec.replace("admin: true", "admin: false"))
    assert provision.value(can, "USAGE") is True


@pytest.mark.usefixtures("new_enough")
def test_what_a_cascade_takes_along_comes_back(provision: Provisioning) -> None:
    provision.query(
        "CREATE ROLE g; CREATE ROLE m; CREATE ROLE stranger;"
        "GRANT g TO stranger WITH ADMIN TRUE; SET ROLE stranger; GRANT g TO m"
    )
    provision.apply("roles: {g: {}, m: {member_of: [g]}}")
    assert rows(provision) == {("g", "m", False, True, True)}


def test_admin_option(provision: Provisioning) -> None:
    spec = "roles: {g: {}, m: {member_of: [{role: g, admin: true}]}}"
    provision.apply(spec)
    assert rows(provision, options=False) == {("g", "m", True)}
    provision.apply(GROUPS)
    assert rows(provision, options=False) == {("g", "m", False)}
    provision.query("GRANT g TO m WITH ADMIN OPTION")
    provision.apply(GROUPS)
    assert rows(provision, options=False) == {("g", "m", False)}


def test_a_migrator_acts_as_the_owner(provision: Provisioning) -> None:
    provision.apply("services: {s: {schema: s, owner: o, migrator: m}}")
    provision.query("ALTER ROLE m PASSWORD 'pw'")
    with provision.database.connect(user="m", password="pw") as connection:
        assert connection.execute("SELECT current_user::text").fetchall() == [("o",)]
        connection.execute("CREATE TABLE t ()")
    assert (
        provision.value("SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'") == "o"
    )
    provision.query("REVOKE o FROM m")
    provision.apply("services: {s: {schema: s, owner: o, migrator: m}}")


def test_predefined_roles(provision: Provisioning) -> None:
    provision.apply("roles: {eye: {member_of: [pg_monitor, pg_signal_backend]}}")
    assert {role for role, _, _ in rows(provision, options=False)} == {
        "pg_monitor", "pg_signal_backend"
    }  # fmt: skip
    provision.apply("roles: {eye: {member_of: [pg_monitor]}}")
    assert {role for role, _, _ in rows(provision, options=False)} == {"pg_monitor"}


def test_the_attribute_inherit_decides_what_a_membership_inherits(provision: Provisioning) -> None:
    provision.apply("roles: {g: {}, m: {inherit: false, member_of: [g]}}")
    assert provision.value("SELECT pg_has_role('m', 'g', 'USAGE')") is False
    assert provision.value("SELECT pg_has_role('m', 'g', 'MEMBER')") is True


def test_options_before_16_are_an_error(provision: Provisioning) -> None:
    if provision.database.server.version >= 160000:
        pytest.skip("memberships have options from 16 on")
    found = provision.refused("roles: {g: {}, m: {member_of: [{role: g, set: false}]}}")
    assert len(found) == 1
    assert "has no INHERIT and SET options" in found[0]


def test_additive_takes_nobody_out(provision: Provisioning) -> None:
    provision.query("CREATE ROLE g; CREATE ROLE m; CREATE ROLE n; GRANT g TO n WITH ADMIN OPTION")
    spec = f"enforce: additive\n{GROUPS}"
    provision.apply(spec)
    assert rows(provision, options=False) == {("g", "m", False), ("g", "n", True)}
    assert [c.summary for c in provision.plan(spec).extras if c.kind == "membership"] == [
        "revoke membership of n in g"
    ]


def test_what_an_administrator_gave_itself_is_left(provision: Provisioning) -> None:
    admin = administrator(provision, "admin")
    spec = "services: {s: {schema: s, owner: o}}"
    for member_of in ("", "\nroles: {admin: {member_of: []}}"):
        admin.run(spec + member_of)
        left = [c for c in admin.plan(spec + member_of).changes if c.blocked is None]
        assert not left, summaries(admin.plan(spec + member_of))


def test_additive_keeps_the_options_that_are_there(provision: Provisioning) -> None:
    if provision.database.server.version < 160000:
        pytest.skip("before 16 a membership has no options but ADMIN")
    provision.query(
        f"CREATE ROLE {provision.name}_g; CREATE ROLE {provision.name}_m;"
        f"GRANT {provision.name}_g TO {provision.name}_m"
        " WITH ADMIN TRUE, INHERIT FALSE, SET TRUE"
    )
    provision.apply(
        """
        enforce: additive
        roles: {DATABASE_g: {}, DATABASE_m: {member_of: [DATABASE_g]}}
        """
    )
    rows = provision.query(
        "SELECT admin_option, inherit_option, set_option FROM pg_auth_members"
        " WHERE member = to_regrole(%s)",
        f"{provision.name}_m",
    )
    assert rows == [(True, True, True)]
