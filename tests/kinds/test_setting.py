"""Settings of roles and of the database, compared as PostgreSQL does."""

from __future__ import annotations

import json
import re

import pytest

from chiro_db.apply.bootstrap import bootstrap
from chiro_db.kinds import provider
from chiro_db.model.state import Parameter
from chiro_db.report.bootstrap import bootstrap_sql
from tests.provisioning import Provisioning, administrator, statements


def stored(provision: Provisioning, role: str | None = None) -> set[str]:
    query = (
        "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase"
        " WHERE datname = current_database() AND setrole = coalesce(to_regrole(%s), 0)::oid"
    )
    return {value for (value,) in provision.query(query, role)}


@pytest.mark.parametrize(
    ("parameter", "before", "written"),
    [
        ("statement_timeout", "1s", "1000ms"),
        ("statement_timeout", "1000", "1s"),
        ("statement_timeout", "1s", "1000"),
        ("statement_timeout", "2min", "120 s"),
        ("statement_timeout", "1.5s", "1500"),
        ("log_min_duration_statement", "0x10", "16"),
        ("log_min_duration_statement", "010", "8"),
        ("work_mem", "4MB", "4096kB"),
        ("work_mem", "4096", "'4 MB'"),
        ("temp_buffers", "8MB", "1024"),
        ("enable_seqscan", "on", "true"),
        ("enable_seqscan", "1", "yes"),
        ("enable_seqscan", "tru", "y"),
        ("enable_seqscan", "OFF", "false"),
        ("client_min_messages", "WARNING", "warning"),
        ("client_min_messages", "debug2", "debug"),
        ("synchronous_commit", "on", "true"),
        ("datestyle", "iso,dmy", "'ISO, DMY'"),
        ("timezone", "europe/berlin", "Europe/Berlin"),
        ("TimeZone", "UTC", "utc"),
        ("random_page_cost", "1.10", "1.1"),
        ("random_page_cost", "1e0", "1"),
        ("application_name", "it's", '"it\'s"'),
        ("my.parameter", "x", "x"),
    ],
)
def test_what_means_the_same_is_no_change(
    provision: Provisioning, parameter: str, before: str, written: str
) -> None:
    value = before.replace("'", "''")
    provision.query(f"ALTER DATABASE \"{provision.name}\" SET {parameter} = '{value}'")
    spec = f"database: {{name: DATABASE, settings: {{{parameter}: {written}}}}}"
    have = stored(provision)
    assert not [s for s in statements(provision.plan(spec)) if " SET " in s]
    provision.apply(spec)
    assert stored(provision) == have


@pytest.mark.parametrize(
    ("parameter", "before", "written"),
    [
        ("statement_timeout", "1s", "1001"),
        ("work_mem", "4MB", "4097"),
        ("application_name", "A", "a"),
        ("my.parameter", "x", "X"),
        ("timezone", "UTC", "GMT"),
        ("search_path", "a, b", "[b, a]"),
        ("search_path", '"a, b"', "'a, b'"),
    ],
)
def test_what_means_something_else_is_a_change(
    provision: Provisioning, parameter: str, before: str, written: str
) -> None:
    quoted = before if parameter == "search_path" else f"'{before}'"
    provision.query(f'ALTER DATABASE "{provision.name}" SET {parameter} = {quoted}')
    provision.apply(f"database: {{name: DATABASE, settings: {{{parameter}: {written}}}}}")
    assert len(stored(provision)) == 1


@pytest.mark.parametrize(
    ("written", "effective"),
    [
        ("'\"$user\", public'", '"$user", public'),
        ("['$user', public]", '"$user", public'),
        ("''", '""'),
        ("[]", '""'),
        ("[Mixed, 'with space', 'a\"b', \"o'b\"]", '"Mixed", "with space", "a""b", "o\'b"'),
        ("Mixed, public", "mixed, public"),
        ("'\"a, b\"'", '"a, b"'),
    ],
)
def test_a_search_path_is_a_list(provision: Provisioning, written: str, effective: str) -> None:
    spec = f"database: {{name: DATABASE, settings: {{search_path: {written}}}}}"
    if not written.startswith(("'", "[")):
        spec = f"database: {{name: DATABASE, settings: {{search_path: '{written}'}}}}"
    provision.apply(spec)
    with provision.database.connect() as connection:
        assert connection.execute("SHOW search_path").fetchall() == [(effective,)]


def test_the_logins_of_a_service_find_its_schema(provision: Provisioning) -> None:
    name = 'Shop "1"'
    spec = f"""
        services:
          s: {{schema: {json.dumps(name)}, owner: o, app: a, reader: r, migrator: m,
              settings: {{statement_timeout: 30s}}, slow_queries: {{threshold: 250ms}}}}
        roles: {{a: {{settings: {{statement_timeout: 5s}}}}}}
        slow_queries: {{threshold: 1s, log_temp_files: 10MB, log_lock_waits: true}}
        """
    provision.apply(spec)
    path = 'search_path="Shop ""1"""'
    slow = {
        "log_min_duration_statement=250ms",
        "log_parameter_max_length=0",
        "log_temp_files=10MB",
        "log_lock_waits=on",
    }
    assert stored(provision, "o") == {path, "statement_timeout=30s", *slow}
    assert stored(provision, "a") == {path, "statement_timeout=5s", *slow}
    assert stored(provision, "m") == {path, "statement_timeout=30s", "role=o", *slow}
    assert stored(provision, "r") == set()
    provision.query("ALTER ROLE a PASSWORD 'pw'")
    with provision.database.connect(user="a", password="pw") as connection:
        assert connection.execute("SELECT current_schema()").fetchall() == [(name,)]


def test_a_parameter_that_the_spec_does_not_name_is_left(provision: Provisioning) -> None:
    spec = "roles: {r: {login: true, settings: {work_mem: 8MB}}}"
    provision.apply(spec)
    provision.query(f'ALTER ROLE r IN DATABASE "{provision.name}" SET jit = off')
    provision.query("ALTER ROLE r SET jit = on")
    assert not provision.plan(spec).changes
    provision.query(f"ALTER ROLE r IN DATABASE \"{provision.name}\" SET work_mem = '9MB'")
    provision.apply(spec)
    assert stored(provision, "r") == {"work_mem=8MB", "jit=off"}
    assert provision.query("SELECT rolconfig FROM pg_roles WHERE rolname = 'r'") == [(["jit=on"],)]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("work_men: 4MB", "there is no parameter `work_men` on this server"),
        ("my.bad-name: x", "there is no parameter `my.bad-name` on this server"),
        (
            "shared_buffers: 1GB",
            "`shared_buffers` cannot be set for a role or database;"
            " it needs the configuration file and a restart",
        ),
        (
            "log_connections: true",
            "`log_connections` cannot be set for a role or database;"
            " it is set as a connection starts",
        ),
        (
            "checkpoint_timeout: 5min",
            "`checkpoint_timeout` cannot be set for a role or database;"
            " it needs the configuration file",
        ),
        ("server_version_num: 1", "`server_version_num` cannot be set for a role or database;"),
        ("enable_seqscan: maybe", "`enable_seqscan` is a boolean; `maybe` is none"),
        ("work_mem: much", "`work_mem` is a number (unit kB); `much` is none"),
        ("work_mem: 5s", "`work_mem` is a number (unit kB); `5s` is none"),
    ],
)
def test_what_the_server_would_refuse(provision: Provisioning, setting: str, said: str) -> None:
    [found] = provision.refused(f"roles:\n  r:\n    settings:\n      {setting}")
    assert found.startswith(f"5: {said}")


def test_a_role_of_two_services(provision: Provisioning) -> None:
    spec = """
        services:
          a: {schema: s1, owner: o1, app: both, settings: {lock_timeout: 1s}}
          b: {schema: s2, owner: o2, app: both, settings: {lock_timeout: 1s, work_mem: 8MB}}
        """
    provision.apply(spec)
    assert stored(provision, "both") == {"search_path=s1, s2", "lock_timeout=1s", "work_mem=8MB"}
    provision.apply(spec + "roles: {both: {settings: {lock_timeout: 3s}}}\n        ")
    assert "lock_timeout=3s" in stored(provision, "both")


def test_slow_queries_become_settings_of_the_logins(provision: Provisioning) -> None:
    provision.apply(
        """
        slow_queries: {threshold: 1s, log_lock_waits: true}
        services:
          shop: {schema: shop, owner: DATABASE_shop, slow_queries: {threshold: 250ms}}
          books:
            schema: books
            owner: DATABASE_books
            reader: DATABASE_reader
            slow_queries: {sample: 0.1, auto_explain: true}
        """
    )
    assert stored(provision, f"{provision.name}_shop") == {
        "search_path=shop",
        "log_min_duration_statement=250ms",
        "log_parameter_max_length=0",
        "log_lock_waits=on",
    }
    since_16 = {"auto_explain.log_parameter_max_length=0"}
    assert stored(provision, f"{provision.name}_books") == {
        "search_path=books",
        "log_min_duration_statement=-1",
        "log_min_duration_sample=1s",
        "log_statement_sample_rate=0.1",
        "log_lock_waits=on",
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=1s",
        "log_parameter_max_length=0",
        *(since_16 if provision.database.server.version >= 160000 else ()),
    }
    assert stored(provision, f"{provision.name}_reader") == set()


def test_only_roles_that_log_in_get_settings(provision: Provisioning) -> None:
    provision.apply(
        """
        roles: {DATABASE_owner: {login: false}, DATABASE_reader: {login: true}}
        services:
          shop: {schema: shop, owner: DATABASE_owner, reader: DATABASE_reader}
        """
    )
    assert stored(provision, f"{provision.name}_owner") == set()
    assert stored(provision, f"{provision.name}_reader") == {"search_path=shop"}


@pytest.mark.every_version
@pytest.mark.parametrize("asked", [False, True])
def test_values_reach_the_log_only_when_that_is_asked_for(
    provision: Provisioning, asked: bool
) -> None:
    """The server's own messages, sent to the client in place of its log."""
    provision.apply(
        f"""
        slow_queries: {{threshold: 0, auto_explain: true, log_parameters: {str(asked).lower()}}}
        services: {{shop: {{schema: shop, owner: DATABASE_shop}}}}
        """
    )
    role, said = f"{provision.name}_shop", []
    provision.query(f"ALTER ROLE {role} PASSWORD 'pw'")
    with provision.database.connect(
        user=role, password="pw", options="-c client_min_messages=log"
    ) as c:
        c.add_notice_handler(
            lambda notice: said.append(f"{notice.message_primary} {notice.message_detail}")
        )
        c.execute("SELECT %s::text", ["a secret value"], prepare=True)
    assert any("SELECT $1::text" in line for line in said)
    assert any("plan:" in line for line in said)
    assert any("a secret value" in line for line in said) is asked


@pytest.mark.every_version
def test_an_ordinary_administrator_needs_the_parameters(provision: Provisioning) -> None:
    admin = administrator(provision)
    spec = """
        slow_queries: {threshold: 1s, auto_explain: true}
        services: {shop: {schema: shop, owner: DATABASE_shop}}
        """
    blocked = {c.name: c.blocked for c in admin.plan(spec).blocked}
    names = {"log_min_duration_statement", "log_parameter_max_length", "session_preload_libraries"}
    names |= {"auto_explain.log_min_duration"}
    since_15 = provision.database.server.version >= 150000
    if provision.database.server.version >= 160000:
        names.add("auto_explain.log_parameter_max_length")
    assert set(blocked) == names
    for name, why in blocked.items():
        assert why is not None
        grant = f'GRANT SET ON PARAMETER {name} TO "ordinary admin"'
        assert (why.statement == grant) is since_15
        provision.query(why.statement) if since_15 else None
    assert not admin.plan(spec).blocked or not since_15
    if since_15:
        admin.apply(spec)


def test_what_the_whole_server_has_already_need_not_be_set(provision: Provisioning) -> None:
    admin = administrator(provision)
    spec = "services: {shop: {schema: shop, owner: DATABASE_shop, slow_queries: {threshold: -1}}}"
    assert not [c.name for c in admin.plan(spec).blocked if c.name == "log_min_duration_statement"]
    provision.query(f'ALTER DATABASE "{provision.name}" SET log_min_duration_statement = 5')
    assert [c.name for c in admin.plan(spec).blocked if c.name == "log_min_duration_statement"]


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("rds_superuser", "aws rds modify-db-parameter-group"),
        ("azure_pg_admin", "az postgres flexible-server parameter set"),
        ("cloudsqlsuperuser", "gcloud sql instances patch"),
    ],
)
def test_a_managed_service_has_a_command_of_its_own(
    provision: Provisioning, role: str, command: str
) -> None:
    admin = administrator(provision)
    provision.query(f"CREATE ROLE {role}")
    spec = "services: {s: {schema: s, owner: DATABASE_s, slow_queries: {threshold: 250ms}}}"
    found = [c.blocked for c in admin.plan(spec).blocked if c.name == "log_min_duration_statement"]
    assert found
    assert found[0] is not None
    assert found[0].statement.startswith(command)
    assert re.search(r"\b250\b", found[0].statement), "none of them takes a unit"
    assert found[0].outside
    script = bootstrap_sql(bootstrap(admin.job(spec), None))
    commands = [line for line in script.splitlines() if command in line]
    assert commands
    assert all(line.startswith("--") for line in commands)


@pytest.mark.parametrize(
    ("managed", "name", "value", "end"),
    [
        ("rds", "log_min_duration_statement", "1s", '"ParameterValue": "1000", "ApplyMethod":'),
        ("rds", "log_lock_waits", "on", '"ParameterValue": "1", "ApplyMethod": "immediate"}]\''),
        ("rds", "auto_explain.log_min_duration", "2min", '"ParameterValue": "120000"'),
        ("azure", "log_temp_files", "10MB", "--name log_temp_files --value 10240"),
        ("azure", "log_lock_waits", "yes", "--name log_lock_waits --value on"),
        ("azure", "log_statement_sample_rate", "0.10", "--value 0.1"),
        ("cloudsql", "track_io_timing", "off", "--database-flags=OTHER_FLAGS,track_io_timing=off"),
        ("cloudsql", "session_preload_libraries", "auto_explain",
         "--database-flags=OTHER_FLAGS,cloudsql.enable_auto_explain=on"),
        ("cloudsql", "log_destination", "a,b", "='^;^OTHER_FLAGS;log_destination=a,b'"),
        ("", "log_lock_waits", "on", None),
    ],
)  # fmt: skip
def test_providers_take_bare_values(
    provision: Provisioning, managed: str, name: str, value: str, end: str | None
) -> None:
    """As their manuals have them: numbers without a unit, and booleans of each one's own."""
    rows = provision.query("SELECT vartype, unit FROM pg_settings WHERE name = %s", name)
    known = Parameter(name, rows[0][0], rows[0][1], None, "superuser", None) if rows else None
    made = provider.command(managed, name, value, known)
    assert (made is None) if end is None else (made is not None and end in made)


@pytest.mark.parametrize(
    ("managed", "end"),
    [
        ("rds", '"ParameterValue": "a,pgaudit", "ApplyMethod": "pending-reboot"'),
        ("azure", "--name shared_preload_libraries --value a,pgaudit"),
        ("cloudsql", "--database-flags=OTHER_FLAGS,cloudsql.enable_pgaudit=on"),
    ],
)
def test_providers_load_libraries(managed: str, end: str) -> None:
    assert end in str(provider.preload(managed, ["a"], "pgaudit"))
