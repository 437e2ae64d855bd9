"""`state: absent`: what the role owned is handed over, and nothing else is lost."""

from __future__ import annotations

import pytest

from tests.provisioning import Provisioning, administrator

GONE = "roles: {old: {state: absent, reassign_to: heir}, heir: {}}"


def exists(provision: Provisioning, role: str = "old") -> bool:
    return bool(provision.value("SELECT count(*) FROM pg_roles WHERE rolname = %s", role))


def test_a_role_that_is_absent_already(provision: Provisioning) -> None:
    provision.apply(GONE)
    assert not [c for c in provision.plan(GONE).changes if c.name == "old"]


def test_what_it_owns_is_handed_over(provision: Provisioning) -> None:
    provision.query(
        "CREATE ROLE old LOGIN; CREATE ROLE other; CREATE ROLE third;"
        "CREATE SCHEMA stuff AUTHORIZATION old;"
        "SET ROLE old; CREATE TABLE stuff.t (i serial); CREATE FUNCTION stuff.f() RETURNS int"
        " RETURN 1; CREATE TYPE stuff.e AS ENUM ('a'); RESET ROLE;"
        "CREATE TABLE theirs (); GRANT SELECT ON theirs TO old; GRANT old TO third;"
        "GRANT other TO old; GRANT pg_monitor TO old;"
        "ALTER DEFAULT PRIVILEGES FOR ROLE old GRANT SELECT ON TABLES TO other;"
        "ALTER ROLE old SET work_mem = '1MB'"
    )
    provision.query(f"ALTER ROLE old IN DATABASE \"{provision.name}\" SET work_mem = '2MB'")
    provision.query(f'GRANT CREATE ON DATABASE "{provision.name}" TO old')
    provision.apply(GONE)
    assert not exists(provision)
    owners = "SELECT relowner::regrole::text FROM pg_class WHERE relname IN ('t', 't_i_seq')"
    assert provision.query(owners) == [("heir",), ("heir",)]
    assert provision.value("SELECT count(*) FROM pg_default_acl") == 0


def test_default_privileges_alone_need_no_heir(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old")
    provision.query("ALTER DEFAULT PRIVILEGES FOR ROLE old GRANT SELECT ON TABLES TO PUBLIC")
    provision.apply("roles: {old: {state: absent}}")
    assert not exists(provision)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "CREATE TABLE t (); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY only_old ON t TO old",
            "policy only_old on table public.t would be dropped with it",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            "CREATE USER MAPPING FOR old SERVER s",
            "user mapping for old on server s would be dropped with it",
        ),
        (
            "CREATE TABLE t (); CREATE ROLE other; GRANT SELECT ON t TO old WITH GRANT OPTION;"
            "SET ROLE old; GRANT SELECT ON t TO other",
            "the privileges of other on table public.t would be dropped with it",
        ),
    ],
)
def test_refused_where_something_else_would_go(
    provision: Provisioning, given: str, said: str
) -> None:
    provision.query("CREATE ROLE old; " + given)
    found = provision.refused(GONE)
    assert found == [f"2: role `old` cannot be dropped: {said}"]
    assert exists(provision)


def test_a_policy_that_others_have_as_well_stays(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old; CREATE ROLE other; CREATE TABLE t ()")
    provision.query("CREATE POLICY p ON t TO old, other")
    provision.apply(GONE)
    assert provision.value("SELECT polroles::regrole[]::text FROM pg_policy") == "{other}"


def test_refused_where_another_database_holds_something(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old")
    other = provision.name + "_other"
    provision.query(f'CREATE DATABASE "{other}"')
    with provision.database.server.connect(other) as connection:
        connection.execute("CREATE SCHEMA s AUTHORIZATION old")
    assert provision.refused(GONE) == [
        f"2: role `old` cannot be dropped: pg_namespace in database {other} it still holds"
        " elsewhere; connect there and run REASSIGN OWNED, DROP OWNED"
    ]


def test_refused_where_it_owns_another_database(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old")
    other = provision.name + "_other"
    provision.query(f'CREATE DATABASE "{other}" OWNER old')
    [found] = provision.refused(GONE)
    assert f"database {other}" in found


def test_refused_without_an_heir(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old; CREATE SCHEMA s AUTHORIZATION old")
    assert provision.refused("roles: {old: {state: absent}}") == [
        "2: role `old` cannot be dropped: schema s it owns; say `reassign_to:`"
    ]


def test_a_database_that_does_not_exist_holds_nothing(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old; CREATE SCHEMA s AUTHORIZATION old")
    name = provision.name
    provision.name = "missing"
    [found] = provision.refused(GONE)
    assert f"in database {name} it still holds" in found


def test_what_others_hold_through_it_and_the_spec_declares(provision: Provisioning) -> None:
    provision.query(
        "CREATE ROLE old; CREATE ROLE g; CREATE ROLE m; GRANT g TO old WITH ADMIN OPTION;"
        "SET ROLE old; GRANT g TO m"
    )
    provision.query(
        "CREATE ROLE o; CREATE SCHEMA s AUTHORIZATION o; GRANT USAGE ON SCHEMA s TO old"
        " WITH GRANT OPTION; SET ROLE old; GRANT USAGE ON SCHEMA s TO g"
    )
    spec = """
        roles: {old: {state: absent}, g: {}, m: {member_of: [g]}}
        services:
          s: {schema: s, owner: o, grants: [{to: g, privileges: [USAGE], on: schema}]}
        """
    provision.apply(spec)
    assert not exists(provision)
    assert provision.value("SELECT pg_has_role('m', 'g', 'USAGE')") is True
    assert provision.value("SELECT has_schema_privilege('g', 's', 'USAGE')") is True


def test_memberships_that_it_gave_in_roles_of_nobody(provision: Provisioning) -> None:
    if provision.database.server.version < 160000:
        pytest.skip("before 16 a membership outlives who granted it")
    provision.query(
        "CREATE ROLE old; CREATE ROLE club; CREATE ROLE bob; GRANT club TO old WITH ADMIN OPTION;"
        "SET ROLE old; GRANT club TO bob"
    )
    [found] = provision.refused(GONE)
    assert "the membership of bob in club would be dropped with it" in found


def test_the_administrators_cannot_be_dropped(provision: Provisioning) -> None:
    me = provision.value("SELECT current_user::text")
    [found] = provision.refused(f"roles: {{{me}: {{state: absent}}}}")
    assert "is an administrator here" in found


def test_additive_only_reports(provision: Provisioning) -> None:
    provision.query("CREATE ROLE old")
    plan = provision.plan("enforce: additive\n" + GONE)
    assert "drop role old" in [c.summary for c in plan.extras]
    provision.apply("enforce: additive\n" + GONE)
    assert exists(provision)


def test_an_ordinary_administrator_drops_what_it_made(provision: Provisioning) -> None:
    admin = administrator(provision, "admin")
    admin.run("services: {s: {schema: s, owner: old}}")
    admin.run("services: {s: {schema: s, owner: new}}\nroles: {old: {state: absent}}")
    assert not exists(provision)


def test_it_stays_while_what_it_owns_cannot_be_handed_over(provision: Provisioning) -> None:
    """DROP OWNED would drop the table: its change of owner waits for that of the schema."""
    provision.query(
        "CREATE ROLE old; CREATE SCHEMA s; CREATE TABLE s.t (); ALTER TABLE s.t OWNER TO old"
    )
    admin = administrator(provision, "admin")
    if provision.database.server.version >= 160000:
        provision.query("GRANT old TO admin WITH ADMIN OPTION")
    spec = "services: {s: {schema: s, owner: new}}\nroles: {old: {state: absent}}"
    plan = admin.plan(spec)
    blocked = [c.summary for c in plan.blocked]
    assert blocked == [
        "owner of schema s: postgres -> new",
        "owner of table s.t: old -> new",
        "drop role old",
    ]
    admin.run(spec, plan)
    assert exists(provision)
    assert (
        provision.value("SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'") == "old"
    )


def test_what_it_comes_to_own_between_plan_and_apply_is_not_dropped(
    provision: Provisioning,
) -> None:
    provision.query(
        "CREATE ROLE old; CREATE TABLE held (); GRANT SELECT ON held TO old; CREATE SCHEMA loose"
    )
    spec = "roles: {old: {state: absent}}"
    [drop] = [c for c in provision.plan(spec).changes if c.name == "old"]
    provision.query("CREATE TABLE loose.late (); ALTER TABLE loose.late OWNER TO old")
    provision.query("; ".join(s.sql for s in drop.statements))
    assert not exists(provision)
    assert provision.value("SELECT count(*) FROM loose.late") == 0
