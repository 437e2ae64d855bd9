"""Roles: attributes, limits and comments, and what goes with one that is dropped."""

from __future__ import annotations

import pytest

from tests.provisioning import Provisioning, statements, summaries


def attributes(provision: Provisioning, role: str) -> dict[str, object]:
    row = provision.query(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin"
        " FROM pg_roles WHERE rolname = %s",
        role,
    )[0]
    names = ("superuser", "createdb", "createrole", "replication", "bypassrls", "login")
    return dict(zip(names, row, strict=True))


def test_everything_is_off_that_the_spec_does_not_say(provision: Provisioning) -> None:
    provision.query(
        "CREATE ROLE grown SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS LOGIN NOINHERIT"
        " CONNECTION LIMIT 3 VALID UNTIL '2031-01-01'"
    )
    provision.query("COMMENT ON ROLE grown IS 'by hand'")
    done = provision.apply("roles: {grown: {}, new: {}}")
    assert not any(attributes(provision, "grown").values())
    assert not any(attributes(provision, "new").values())
    assert "CREATE ROLE new" in statements(done)
    unmanaged = provision.query(
        "SELECT rolinherit, rolconnlimit, rolvaliduntil::date::text,"
        " shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'grown'"
    )
    assert unmanaged == [(False, 3, "2031-01-01", "by hand")]


def test_only_what_differs_is_altered(provision: Provisioning) -> None:
    provision.apply("")
    provision.query("CREATE ROLE app LOGIN CREATEDB")
    assert statements(provision.plan("roles: {app: {login: true}}")) == [
        "ALTER ROLE app NOCREATEDB"
    ]


def test_what_the_spec_says_on_is_on(provision: Provisioning) -> None:
    every = "{superuser: true, createdb: true, createrole: true, replication: true, bypassrls: on}"
    provision.apply(f"roles: {{all: {every}}}")
    assert attributes(provision, "all") == {
        "superuser": True,
        "createdb": True,
        "createrole": True,
        "replication": True,
        "bypassrls": True,
        "login": False,
    }


def test_the_roles_of_a_service_log_in(provision: Provisioning) -> None:
    provision.apply("services: {s: {schema: s, owner: o, app: a, reader: r, migrator: m}}")
    logins = {role: attributes(provision, role)["login"] for role in "oarm"}
    assert logins == {"o": True, "a": True, "r": False, "m": True}
    provision.apply("services: {s: {schema: s, owner: o}}\nroles: {o: {login: false}}")
    assert not attributes(provision, "o")["login"]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2031-06-30", "2031-06-30 00:00:00+00"),
        ("2031-06-30T12:30:00", "2031-06-30 12:30:00+00"),
        ("2031-06-30T12:30:00+02:00", "2031-06-30 10:30:00+00"),
        ("2031-06-30T12:30:00.25", "2031-06-30 12:30:00.25+00"),
        ("infinity", "infinity"),
    ],
)
def test_valid_until(provision: Provisioning, written: str, stored: str) -> None:
    provision.query(f"ALTER DATABASE \"{provision.name}\" SET timezone = 'Asia/Tokyo'")
    provision.query(f"ALTER DATABASE \"{provision.name}\" SET datestyle = 'German'")
    provision.apply(f"roles: {{guest: {{valid_until: {written}}}}}")
    with provision.database.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute("SET datestyle = 'ISO'")
        query = "SELECT rolvaliduntil::text FROM pg_roles WHERE rolname = 'guest'"
        assert connection.execute(query).fetchall() == [(stored,)]


def test_limits_and_comments_follow_the_spec(provision: Provisioning) -> None:
    query = (
        "SELECT rolconnlimit, rolinherit, shobj_description(oid, 'pg_authid') FROM pg_roles"
        " WHERE rolname = 'app'"
    )
    provision.apply('roles: {app: {connection_limit: 1, inherit: false, comment: "it\'s"}}')
    assert provision.query(query) == [(1, False, "it's")]
    plan = provision.plan("roles: {app: {connection_limit: 0}}")
    assert summaries(plan) == ["role app: connection_limit: 1 -> 0"]
    provision.apply("roles: {app: {connection_limit: -1, inherit: true, comment: ''}}")
    assert provision.query(query) == [(-1, True, None)]
    assert not provision.plan("roles: {app: {}}").changes


@pytest.mark.parametrize(
    "name",
    [
        'say "hi"', "o'brien", "back\\slash", "PUBLIC", "User", "select", "a.b", "ünïcödé", "日本",
        "x" * 63, "per%cent", "%s", "{{ name }}", "; DROP ROLE x", "new\nline", " ", "$1",
        "--", "/*", "current role",
    ],
)  # fmt: skip
def test_hostile_names(provision: Provisioning, name: str) -> None:
    import json

    quoted = json.dumps(name)
    spec = f"""
        roles:
          {quoted}: {{login: true, comment: {quoted}, settings: {{application_name: {quoted}}}}}
          group: {{}}
          other: {{member_of: [{quoted}]}}
        services:
          s: {{schema: {quoted}, owner: {json.dumps(name[:60] + "_o")}, grants: [
              {{to: [{quoted}], level: read}}], purpose: {quoted}}}
        """
    provision.apply(spec)
    assert (
        provision.value(
            "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", name
        )
        == name
    )
    assert provision.value(
        "SELECT has_schema_privilege(%s, oid, 'USAGE') FROM pg_namespace WHERE nspname = %s",
        name,
        name,
    )
    provision.apply(f"roles: {{{quoted}: {{state: absent}}, group: {{}}, other: {{}}}}")


def test_administrators_are_managed_as_written(provision: Provisioning) -> None:
    """docs/decisions/0007."""
    me = provision.value("SELECT current_user::text")
    provision.query("CREATE ROLE boss LOGIN CREATEDB CREATEROLE; CREATE ROLE friends")
    provision.query("GRANT friends TO boss")
    spec = f"""
        database: {{name: DATABASE, owner: boss}}
        roles:
          {me}: {{comment: Runs it all}}
          boss: {{createdb: false}}
          friends: {{}}
        """
    provision.apply(spec)
    assert attributes(provision, me)["superuser"]
    boss = attributes(provision, "boss")
    assert (boss["createdb"], boss["createrole"], boss["login"]) == (False, True, True)
    members = "SELECT count(*) FROM pg_auth_members WHERE member = 'boss'::regrole"
    assert provision.value(members) == 1
    provision.apply(spec.replace("createdb: false", "member_of: []"))
    assert provision.value(members) == 0
    provision.query(f'COMMENT ON ROLE "{me}" IS NULL')


def test_an_owner_of_the_database_that_does_not_exist(provision: Provisioning) -> None:
    assert provision.refused("database: {name: DATABASE, owner: nobody}") == [
        "2: the database's owner `nobody` does not exist; declare it under `roles:`"
    ]
