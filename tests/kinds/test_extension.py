"""Extensions: created, moved where they may be, blocked where they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiro_db.embedded import Cluster
from chiro_db.model.plan import Hazard
from tests.provisioning import Provisioning, administrator
from tests.servers import Database, Server

PLACE = (
    "SELECT nspname::text FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
    " WHERE extname = %s"
)


@pytest.fixture(autouse=True)
def _has_extensions(provision: Provisioning) -> None:
    query = "SELECT count(*) FROM pg_available_extensions WHERE name IN ('hstore', 'cube')"
    if provision.value(query) != 2:
        pytest.skip("the server has no contrib extensions")


def of(extensions: str) -> str:
    return f"database: {{name: DATABASE, extensions: {extensions}}}"


def test_created_where_it_is_missing(provision: Provisioning) -> None:
    provision.apply(of("[hstore]"))
    assert provision.value(PLACE, "hstore") == "public"
    provision.apply(of("{hstore: {schema: public}}"))


def test_created_in_a_schema_that_the_same_plan_makes(provision: Provisioning) -> None:
    spec = of("{hstore: {schema: shop}}") + "\nservices: {shop: {schema: shop, owner: o}}"
    provision.apply(spec)
    assert provision.value(PLACE, "hstore") == "shop"


def test_moved(provision: Provisioning) -> None:
    provision.query("CREATE EXTENSION hstore; CREATE SCHEMA ext")
    provision.apply(of("{hstore: {schema: ext}}"))
    assert provision.value(PLACE, "hstore") == "ext"


def test_one_that_cannot_be_moved_is_blocked(provision: Provisioning) -> None:
    provision.query("CREATE SCHEMA ext")
    [change] = [
        c for c in provision.plan(of("{plpgsql: {schema: ext}}")).changes if c.kind == "extension"
    ]
    assert change.blocked is not None
    assert change.blocked.reason == (
        "extension plpgsql cannot be moved out of pg_catalog; drop it and apply again"
    )


def test_one_that_the_server_does_not_have_is_blocked(provision: Provisioning) -> None:
    provision.apply(of("[no_such_extension]"))
    [change] = provision.plan(of("[no_such_extension]")).changes
    assert change.blocked is not None
    assert "the server has no extension no_such_extension" in change.blocked.reason


def test_a_schema_that_does_not_exist(provision: Provisioning) -> None:
    assert provision.refused(of("{hstore: {schema: nowhere}}")) == [
        "2: extension `hstore`: the schema `nowhere` does not exist"
    ]


def test_a_schema_that_it_cannot_be_installed_in(provision: Provisioning) -> None:
    provision.query("DROP EXTENSION plpgsql; CREATE SCHEMA ext")
    assert provision.refused(of("{plpgsql: {schema: ext}}")) == [
        "2: extension `plpgsql` can only be installed in the schema `pg_catalog`"
    ]
    provision.apply(of("[plpgsql]"))
    assert provision.value(PLACE, "plpgsql") == "pg_catalog"


def test_what_is_required_comes_first(provision: Provisioning) -> None:
    assert provision.refused(of("[earthdistance]")) == [
        "2: extension `earthdistance` requires `cube`; declare it as well"
    ]
    provision.apply(of("[earthdistance, cube]"))
    assert provision.value(PLACE, "earthdistance") == "public"
    provision.query("DROP EXTENSION earthdistance")
    provision.apply(of("[earthdistance]"))


def test_in_a_database_that_does_not_exist_yet(provision: Provisioning) -> None:
    provision.name += "_new"
    provision.apply(of("[earthdistance, cube]"))
    assert provision.value(PLACE, "cube") == "public"


def test_an_ordinary_administrator_creates_trusted_ones(provision: Provisioning) -> None:
    admin = administrator(provision)
    spec = of("{hstore: {schema: public}, pg_stat_statements: {schema: public}}")
    admin.apply(spec)
    blocked = [c.blocked.statement for c in admin.plan(spec).blocked if c.blocked]
    assert "CREATE EXTENSION pg_stat_statements WITH SCHEMA public" in blocked
    assert provision.value(PLACE, "hstore") == "public"
    provision.query("CREATE SCHEMA ext")
    moved = of("{hstore: {schema: ext}}")
    blocked = [c.blocked.statement for c in admin.plan(moved).blocked if c.blocked]
    assert "ALTER EXTENSION hstore SET SCHEMA ext" in blocked


def test_what_has_to_be_preloaded_needs_a_restart(provision: Provisioning) -> None:
    spec = "database: {name: DATABASE, extensions: [pg_stat_statements]}"
    loaded = "pg_stat_statements" in provision.value("SHOW shared_preload_libraries")
    (change,) = [c for c in provision.plan(spec).changes if c.kind == "extension"]
    assert (Hazard.NEEDS_RESTART in change.hazards) is not loaded


def test_a_library_that_the_server_was_not_started_with_is_blocked(
    tmp_path: Path, own_cluster: Cluster
) -> None:
    server = _restarted(own_cluster, "auto_explain")
    with server.connect() as connection:
        connection.execute("CREATE DATABASE d")
    database = Database("d", server, server.conninfo_of("d"))
    provision = Provisioning(tmp_path, database, server.conninfo, "d")
    spec = of("{pg_stat_statements: {schema: public}}")
    provision.apply(spec)
    [change] = provision.plan(spec).changes
    assert change.blocked is not None
    assert change.blocked.statement == (
        "ALTER SYSTEM SET shared_preload_libraries TO 'auto_explain', 'pg_stat_statements'"
    )
    assert "restart" in change.blocked.reason
    assert not provision.plan(of("[hstore]")).blocked
    admin = administrator(provision)
    [change] = [c for c in admin.plan(spec).blocked if c.kind == "setting"]
    assert change.blocked is not None
    assert "which the connected role cannot see" in change.blocked.reason
    _restarted(own_cluster, "auto_explain, pg_stat_statements")
    assert not provision.plan(spec).changes
    assert not [c for c in admin.plan(spec).changes if c.kind == "setting"]


def _restarted(cluster: Cluster, libraries: str) -> Server:
    server = Server(cluster.start(), 0)
    with server.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET shared_preload_libraries = {libraries}".encode())
    cluster.stop()
    return Server(cluster.start(), 0)
